package io.weirlog.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// Writes records, in batches, to all partitions of all topics. Thread-safe: share one.
///
/// The records that one thread sends to one partition are appended in that order. Memory is bounded: when the buffer is
/// full, sending blocks up to [ProducerOptions#maxBlock] and then fails with `OVERLOADED`.
///
/// A record that was not acknowledged is sent again, in order, until [ProducerOptions#deliveryTimeout]. Brokers tell
/// apart what they have already: each record is in the log once. One that fails says whether it may be there all
/// the same (`UNKNOWN`) or is not (`NOT_APPENDED`).
///
/// Without [ProducerOptions#isIdempotent] only what surely was not appended is sent again. When the outcome cannot be
/// known (the connection broke before the answer, or another leader was elected and the old one keeps silent) the
/// record fails with the outcome `UNKNOWN` and is not sent again, since that might double it.
public interface Producer extends AutoCloseable {
    /// Hands a record over; completes when it is acknowledged, or exceptionally with a [WeirlogException] that tells
    /// the outcome. What depends on the future runs on the producer's thread: it must be quick and must not block.
    ///
    /// @throws IllegalStateException if the producer is closed
    CompletableFuture<Acknowledgement> send(ProducerRecord record);

    /// The same without a future: nothing is allocated for the record but its acknowledgement.
    ///
    /// @throws IllegalStateException if the producer is closed
    void send(ProducerRecord record, SendCallback callback);

    /// Sends text without a key.
    default CompletableFuture<Acknowledgement> send(String topic, String value) {
        return send(ProducerRecord.of(topic, value));
    }

    /// Sends text with a key.
    default CompletableFuture<Acknowledgement> send(String topic, String key, String value) {
        return send(ProducerRecord.of(topic, key, value));
    }

    /// Sends what is buffered without lingering and waits until every record handed over before is done, well or not.
    ///
    /// @throws WeirlogException `TIMED_OUT` if some are not done in time; they go on being sent
    void flush(Duration timeout);

    /// Flushes for at most `timeout`; what is not done then fails. No call after the first does anything.
    void close(Duration timeout);

    /// Closes with the delivery timeout.
    @Override
    void close();
}
