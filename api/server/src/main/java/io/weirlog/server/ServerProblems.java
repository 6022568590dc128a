package io.weirlog.server;

import io.grpc.Status;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.log.BatchVerdict;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;

/// What the broker says when something is wrong: one place for reasons, codes and advice.
public final class ServerProblems {
    private static final long RETRY_MILLIS = 100;
    private static final long DISK_RETRY_MILLIS = 1_000;

    private ServerProblems() {}

    public static Problem invalidRequest(String message) {
        return Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REQUEST, message);
    }

    public static Problem initialExpected(String message) {
        return Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INITIAL_EXPECTED, message);
    }

    public static Problem clusterMismatch(String wanted, String actual) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_CLUSTER_MISMATCH,
                "this is cluster " + actual + ", not " + wanted + ": check the address",
                Map.of("cluster_id", actual));
    }

    public static Problem unknownTopic(String topic) {
        return Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "there is no topic '" + shortened(topic) + "': create it first, or check its name",
                Map.of("topic", shortened(topic)));
    }

    public static Problem topicIdMismatch(String topic, TopicId actual) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH,
                "topic '" + topic + "' was deleted and created again: it has the id " + actual
                        + " now; look it up again",
                Map.of("topic", topic, "topic_id", actual.toString()));
    }

    public static Problem unknownBroker(int broker) {
        return Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_BROKER,
                "there is no broker " + broker + ": see 'weirlog broker list'",
                Map.of("broker_id", Integer.toString(broker)));
    }

    public static Problem unknownPartition(String topic, int partition, int count) {
        return Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
                "topic '" + topic + "' has no partition " + partition + ": it has " + count + ", counted from 0",
                Map.of(
                        "topic", topic,
                        "partition", Integer.toString(partition),
                        "partition_count", Integer.toString(count)));
    }

    public static Problem offsetOutOfRange(long offset, Offset start, Offset end) {
        return Problems.problem(
                Status.Code.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                "offset " + offset + " is outside of the log, which has [" + start + ", " + end
                        + "): begin at one of these",
                Map.of(
                        "offset", Long.toString(offset),
                        "log_start_offset", start.toString(),
                        "high_watermark", end.toString()));
    }

    /// For an offset that a group commits.
    public static Problem commitBeyondEnd(String topic, int partition, long offset, long end) {
        return Problems.problem(
                Status.Code.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                "offset " + offset + " of partition " + partition + " of topic '" + topic
                        + "' is beyond the end of its log, " + end + ": commit what was read",
                Map.of(
                        "topic", topic,
                        "partition", Integer.toString(partition),
                        "offset", Long.toString(offset),
                        "high_watermark", Long.toString(end)));
    }

    /// For a deletion of records, which may go up to the high watermark.
    public static Problem beyondHighWatermark(long offset, Offset start, Offset end) {
        return Problems.problem(
                Status.Code.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                "records before offset " + offset + " cannot be deleted: the log has [" + start + ", " + end
                        + "); the high watermark " + end + " is the most that can be asked for",
                Map.of(
                        "offset", Long.toString(offset),
                        "log_start_offset", start.toString(),
                        "high_watermark", end.toString()));
    }

    public static Problem onlyCompacted(String topic) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_POLICY_VIOLATION,
                "topic '" + topic
                        + "' is only compacted: its records are deleted by key, with a record without a value;"
                        + " or add delete to its cleanup.policy",
                Map.of("topic", topic));
    }

    public static Problem truncated(long offset, Offset epochEnd, int epoch) {
        return Problems.problem(
                Status.Code.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_TRUNCATED,
                "the log was truncated below offset " + offset + ": leader epoch " + epoch + " ends at " + epochEnd
                        + "; read on from there",
                Map.of("end_offset", epochEnd.toString(), "leader_epoch", Integer.toString(epoch)));
    }

    public static Problem opening(String topic, int partition) {
        return retryable(Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_NO_LEADER,
                "partition " + partition + " of topic '" + topic + "' has no leader that is ready: try again"));
    }

    /// The broker that leads a partition could not be asked.
    public static Problem leaderSilent(BrokerId leader, String cause) {
        return retryable(Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_NO_LEADER,
                "broker " + leader + ", which leads the partition, does not answer (" + shortened(cause)
                        + "): try again"));
    }

    public static Problem storageFailed(String message) {
        return Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_STORAGE_FAILED,
                "the partition's storage failed: " + message);
    }

    public static Problem outOfOrderSequence(int expected, int found) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_OUT_OF_ORDER_SEQUENCE,
                "the producer's next sequence is " + expected + ", not " + found
                        + ": records between them are missing; send those first, or start over with a new producer"
                        + " epoch",
                Map.of("expected", Integer.toString(expected), "found", Integer.toString(found)));
    }

    public static Problem unknownProducer(int found) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_UNKNOWN_PRODUCER,
                "nothing is known of the producer, and its first records have the sequence 0, not " + found
                        + ": it was idle for longer than producer.id.expiration.ms, or earlier records never came;"
                        + " begin again with sequence 0, in a new producer epoch",
                Map.of("found", Integer.toString(found)));
    }

    public static Problem producerFenced(short currentEpoch, short foundEpoch) {
        return Problems.problem(
                Status.Code.ABORTED,
                ErrorReason.ERROR_REASON_PRODUCER_FENCED,
                "the producer is in epoch " + currentEpoch + ", the batch is of epoch " + foundEpoch
                        + ": another instance has taken over",
                Map.of("current_epoch", Short.toString(currentEpoch), "found_epoch", Short.toString(foundEpoch)));
    }

    public static Problem outsideTransaction(Offset transactionStart) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_BATCH_REFUSED,
                "the producer has had a transaction open since offset " + transactionStart
                        + ": what it sends must belong to it, or come after its end");
    }

    public static Problem overloaded(String limit) {
        return retryable(Problems.problem(
                Status.Code.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_OVERLOADED,
                "the broker is at its limit of " + limit + ": try again a little later, with less at once",
                Map.of("limit", limit)));
    }

    /// @param reserveBytes what has to stay free
    public static Problem diskFull(String topic, int partition, long reserveBytes) {
        return Problems.retryAfterMillis(
                Problems.problem(
                        Status.Code.RESOURCE_EXHAUSTED,
                        ErrorReason.ERROR_REASON_DISK_FULL,
                        "the disk under partition " + partition + " of topic '" + topic
                                + "' has no more than disk.reserve, "
                                + reserveBytes
                                + " bytes, left: nothing was appended. Delete topics or records, or shorten their"
                                + " retention, or enlarge the disk; appends are taken again as soon as there is room",
                        Map.of(
                                "topic", topic,
                                "partition", Integer.toString(partition),
                                "disk_reserve", Long.toString(reserveBytes))),
                DISK_RETRY_MILLIS);
    }

    public static Problem shuttingDown() {
        return retryable(Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_SHUTTING_DOWN,
                "the broker is stopping: go on with another one, or with this one when it is back"));
    }

    static Problem starting() {
        return retryable(Problems.problem(
                Status.Code.UNAVAILABLE,
                ErrorReason.ERROR_REASON_NO_LEADER,
                "the broker is starting and recovers its partitions: try again"));
    }

    public static Problem internalTopic(String topic) {
        return Problems.problem(
                Status.Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_POLICY_VIOLATION,
                "topic '" + topic + "' is the cluster's own: it can be read, and nothing else",
                Map.of("topic", topic));
    }

    public static Problem unsupported(String message) {
        return Problems.problem(Status.Code.UNIMPLEMENTED, ErrorReason.ERROR_REASON_UNSUPPORTED, message);
    }

    public static Problem internal(String message) {
        return Problems.problem(Status.Code.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, message);
    }

    public static Problem retryable(Problem problem) {
        return Problems.retryAfterMillis(problem, RETRY_MILLIS);
    }

    /// At most so much of a client's text as belongs into an error.
    public static String shortened(String text) {
        return text.length() <= 260 ? text : text.substring(0, 260) + "…";
    }

    public static Problem invalidBatch(BatchVerdict.Invalid verdict) {
        var reason = switch (verdict.reason()) {
            case WRONG_CRC -> ErrorReason.ERROR_REASON_BATCH_CORRUPT;
            case BATCH_TOO_LARGE, DECOMPRESSED_TOO_LARGE -> ErrorReason.ERROR_REASON_BATCH_TOO_LARGE;
            case RECORD_TOO_LARGE -> ErrorReason.ERROR_REASON_RECORD_TOO_LARGE;
            case UNSUPPORTED_MAGIC -> ErrorReason.ERROR_REASON_UNSUPPORTED_FORMAT;
            case UNKNOWN_COMPRESSION -> ErrorReason.ERROR_REASON_UNSUPPORTED_COMPRESSION;
            case CONTROL_BATCH -> ErrorReason.ERROR_REASON_BATCH_REFUSED;
            case WRONG_TIMESTAMP -> ErrorReason.ERROR_REASON_INVALID_TIMESTAMP;
            case KEY_MISSING -> ErrorReason.ERROR_REASON_INVALID_RECORD;
            case WRONG_LENGTH, WRONG_ATTRIBUTES, NO_RECORDS, NON_MONOTONIC_OFFSETS, MALFORMED_RECORD, WRONG_PRODUCER ->
                ErrorReason.ERROR_REASON_BATCH_MALFORMED;
        };
        return Problems.problem(Status.Code.INVALID_ARGUMENT, reason, verdict.message());
    }
}
