package io.weirlog.client;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Records of one partition that are sent together, and who wants to hear of them.
///
/// It is filled under its lane's lock, encoded by whoever closed it, and from then on belongs to the sender.
final class ProducerBatch {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerBatch.class);

    private final PartitionRef partition;
    private final long createdNanos;
    private final RecordBatchBuilder builder;
    private final List<SendCallback> callbacks;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private long reservedBytes;
    private boolean open = true;
    private volatile @Nullable ByteBuffer encoded;

    // The sender's alone.
    private int attempts;
    private long sentNanos;
    private Optional<LeaderEpoch> sentEpoch = Optional.empty();
    private long answerDueNanos;
    private boolean completed;
    private boolean stamped;
    private Optional<ProducerNumbers> numbers = Optional.empty();

    /// @param initialBytes room for so many bytes of records is there from the start
    /// @param initialRecords and for so many callbacks
    ProducerBatch(
            PartitionRef partition, long createdNanos, Compression compression, int initialBytes, int initialRecords) {
        this.partition = partition;
        this.createdNanos = createdNanos;
        this.callbacks = new ArrayList<>(initialRecords);
        this.builder = new RecordBatchBuilder(compression, initialBytes);
    }

    PartitionRef partition() {
        return partition;
    }

    long createdNanos() {
        return createdNanos;
    }

    /// Whether it takes more records; guarded by the lane's lock, as are the next four.
    boolean isOpen() {
        return open;
    }

    boolean fits(long recordBytes, int batchBytesMax) {
        return builder.isEmpty() || builder.estimatedBytes() + recordBytes <= batchBytesMax;
    }

    void add(ProducerRecord record, long timestampMillis, long recordBytes, SendCallback callback) {
        builder.append(timestampMillis, record.key(), record.value(), record.headers());
        callbacks.add(callback);
        reservedBytes += recordBytes;
    }

    int estimatedBytes() {
        return builder.estimatedBytes();
    }

    void shut() {
        open = false;
    }

    /// Makes the bytes to send, which [#stamp] completes. Called once, after [#shut], outside the lane's lock:
    /// compression takes its time.
    void encode() {
        encoded = builder.buildUnsealed();
    }

    /// Completes the bytes: with a place in a producer's sequence, or without.
    void stamp(Optional<ProducerNumbers> numbers) {
        if (stamped && this.numbers.equals(numbers)) {
            return;
        }
        stamped = true;
        this.numbers = numbers;
        if (numbers.isPresent()) {
            var producer = numbers.get().producer();
            RecordBatch.stampProducer(
                    encoded(),
                    0,
                    producer.producerId(),
                    producer.epoch(),
                    numbers.get().baseSequence());
        } else {
            RecordBatch.stampCrc(encoded(), 0);
        }
    }

    int recordCount() {
        return callbacks.size();
    }

    boolean isEncoded() {
        return encoded != null;
    }

    /// The bytes to send; they change only as long as no attempt is under way.
    ByteBuffer encoded() {
        var bytes = encoded;
        if (bytes == null) {
            throw new IllegalStateException("the batch is not encoded yet");
        }
        return bytes;
    }

    long reservedBytes() {
        return reservedBytes;
    }

    int attempts() {
        return attempts;
    }

    /// @param epoch of the leader that it is sent to, if known
    void attempted(long sentNanos, Optional<LeaderEpoch> epoch, long answerDueNanos) {
        this.attempts++;
        this.sentNanos = sentNanos;
        this.sentEpoch = epoch;
        this.answerDueNanos = answerDueNanos;
    }

    /// When it was sent last.
    long sentNanos() {
        return sentNanos;
    }

    /// Whether a leader has been elected since the one that it was sent to last.
    boolean isOvertakenBy(LeaderDescription leader) {
        return sentEpoch.filter(leader.epoch()::isAfter).isPresent();
    }

    /// When its answer must have come, or the stream that carried it is broken.
    long answerDueNanos() {
        return answerDueNanos;
    }

    /// Completed when all callbacks have been told.
    CompletableFuture<Void> done() {
        return done;
    }

    /// Whether its callbacks were told; an answer may still come.
    boolean isCompleted() {
        return completed;
    }

    void succeed(BatchReceipt receipt) {
        completed = true;
        for (var i = 0; i < callbacks.size(); i++) {
            try {
                callbacks.get(i).onAcknowledged(new Acknowledgement(receipt, i));
            } catch (RuntimeException e) {
                LOG.error("a callback for a record of {} failed", partition, e);
            }
        }
        done.complete(null);
    }

    void fail(WeirlogException failure) {
        completed = true;
        for (var callback : callbacks) {
            tell(callback, failure, partition);
        }
        done.complete(null);
    }

    static void tell(SendCallback callback, WeirlogException failure, PartitionRef partition) {
        try {
            callback.onFailed(failure);
        } catch (RuntimeException e) {
            LOG.error("a callback for a record of {} failed", partition, e);
        }
    }
}
