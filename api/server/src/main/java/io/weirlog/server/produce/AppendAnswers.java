package io.weirlog.server.produce;

import io.grpc.Status;
import io.weirlog.common.Durability;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.AppendRefusal;
import io.weirlog.replication.AppendResult;
import io.weirlog.server.RecordCodec;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.AppendFailure;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.Appended;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Map;

/// Puts what became of an append into the contract's words.
final class AppendAnswers {
    private final TopicLookup topics;

    AppendAnswers(TopicLookup topics) {
        this.topics = topics;
    }

    io.weirlog.v1.AppendResult answer(String topic, TopicPartition id, AppendResult result) {
        var answer = io.weirlog.v1.AppendResult.newBuilder().setPartition(id.partition());
        topics.leader(id).ifPresent(answer::setLeader);
        return switch (result) {
            case AppendResult.Appended appended ->
                answer.setAppended(appended(appended)).build();
            case AppendResult.Repeated repeated ->
                answer.setAppended(repeated(repeated)).build();
            case AppendResult.NotAppended(var refusal) ->
                answer.setFailure(notAppended(refused(topic, id, refusal))).build();
            case AppendResult.Unknown unknown ->
                answer.setFailure(unknown(unknown)).build();
        };
    }

    private static Appended appended(AppendResult.Appended result) {
        var appended = Appended.newBuilder()
                .setRecordCount(result.recordCount())
                .setLeaderEpoch(result.epoch().value())
                .setAppendTime(RecordCodec.timestamp(result.appendTimeMillis()))
                .setAcknowledgedBy(result.acknowledgedBy())
                .setDurability(durability(result.durability()));
        if (result.acknowledgedBy() > 0) {
            appended.setBaseOffset(result.baseOffset().value());
        }
        return appended.build();
    }

    private static Appended repeated(AppendResult.Repeated result) {
        var appended = Appended.newBuilder()
                .setRepeated(true)
                .setRecordCount(result.recordCount())
                .setAcknowledgedBy(result.acknowledgedBy())
                .setDurability(durability(result.durability()));
        result.first().ifPresent(first -> {
            appended.setLeaderEpoch(first.epoch().value())
                    .setAppendTime(RecordCodec.timestamp(first.appendTimeMillis()));
            if (result.acknowledgedBy() > 0) {
                appended.setBaseOffset(first.baseOffset().value());
            }
        });
        return appended.build();
    }

    private static io.weirlog.v1.Durability durability(Durability durability) {
        return switch (durability) {
            case FSYNC -> io.weirlog.v1.Durability.DURABILITY_FSYNC;
            case PAGE_CACHE -> io.weirlog.v1.Durability.DURABILITY_PAGE_CACHE;
        };
    }

    static AppendFailure notAppended(Problem problem) {
        return AppendFailure.newBuilder()
                .setProblem(problem)
                .setOutcome(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED)
                .build();
    }

    /// The answer that nothing was appended to the partition.
    static io.weirlog.v1.AppendResult notAppended(int partition, Problem problem) {
        return io.weirlog.v1.AppendResult.newBuilder()
                .setPartition(partition)
                .setFailure(notAppended(problem))
                .build();
    }

    /// The answer that nobody knows whether anything was appended to the partition.
    static io.weirlog.v1.AppendResult unknown(int partition, Problem problem) {
        return io.weirlog.v1.AppendResult.newBuilder()
                .setPartition(partition)
                .setFailure(
                        AppendFailure.newBuilder().setProblem(problem).setOutcome(AppendOutcome.APPEND_OUTCOME_UNKNOWN))
                .build();
    }

    static Problem tooLateForItsTurn() {
        return Problems.problem(
                Status.Code.DEADLINE_EXCEEDED,
                ErrorReason.ERROR_REASON_TIMED_OUT,
                "the deadline passed before the append had its turn: it was not appended");
    }

    private static AppendFailure unknown(AppendResult.Unknown unknown) {
        var problem = switch (unknown.cause()) {
            case TIMED_OUT ->
                Problems.problem(Status.Code.DEADLINE_EXCEEDED, ErrorReason.ERROR_REASON_TIMED_OUT, unknown.message());
            case STORAGE_FAILED -> ServerProblems.storageFailed(unknown.message());
            case LEADERSHIP_LOST ->
                Problems.problem(
                        Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NOT_LEADER, unknown.message());
            case SHUTTING_DOWN -> ServerProblems.shuttingDown();
        };
        return AppendFailure.newBuilder()
                .setProblem(problem)
                .setOutcome(AppendOutcome.APPEND_OUTCOME_UNKNOWN)
                .build();
    }

    private Problem refused(String topic, TopicPartition id, AppendRefusal refusal) {
        return switch (refusal) {
            case AppendRefusal.NotLeader _ -> topics.notLeader(topic, id);
            case AppendRefusal.NotEnoughReplicas(var inSync, var inSyncMin) ->
                ServerProblems.retryable(Problems.problem(
                        Status.Code.UNAVAILABLE,
                        ErrorReason.ERROR_REASON_NOT_ENOUGH_REPLICAS,
                        "partition " + id.partition() + " of topic '" + topic + "' has " + inSync
                                + " replicas in sync, min.insync.replicas is " + inSyncMin
                                + ": try again, or look for the brokers that are missing",
                        Map.of(
                                "topic", topic,
                                "partition", Integer.toString(id.partition()),
                                "in_sync_replicas", Integer.toString(inSync),
                                "min_insync_replicas", Integer.toString(inSyncMin))));
            case AppendRefusal.UnexpectedOffset(var expected, var logEnd) ->
                Problems.problem(
                        Status.Code.ABORTED,
                        ErrorReason.ERROR_REASON_UNEXPECTED_OFFSET,
                        "the log ends at offset " + logEnd + ", not at the expected " + expected
                                + ": somebody else has appended",
                        Map.of("expected", expected.toString(), "log_end_offset", logEnd.toString()));
            case AppendRefusal.OutOfOrderSequence(var expected, var found) ->
                ServerProblems.outOfOrderSequence(expected, found);
            case AppendRefusal.UnknownProducer(var found) -> ServerProblems.unknownProducer(found);
            case AppendRefusal.ProducerFenced(var current, var found) -> ServerProblems.producerFenced(current, found);
            case AppendRefusal.OutsideTransaction(var start) -> ServerProblems.outsideTransaction(start);
            case AppendRefusal.Overloaded(var limit) -> ServerProblems.overloaded(limit);
            case AppendRefusal.TimedOut() -> tooLateForItsTurn();
            case AppendRefusal.StorageFailed(var message) -> ServerProblems.storageFailed(message);
            case AppendRefusal.ShuttingDown() -> ServerProblems.shuttingDown();
        };
    }
}
