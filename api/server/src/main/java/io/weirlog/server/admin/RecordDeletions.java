package io.weirlog.server.admin;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.DeletionResult;
import io.weirlog.replication.Partitions;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeleteRecordsResponse;
import io.weirlog.v1.DeletedRecords;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Deletes records by request, in the partitions that this broker leads.
final class RecordDeletions {
    private static final int PARTITIONS_PER_REQUEST_MAX = 1_000;
    private static final long WAIT_MILLIS_MAX = 30_000;

    private final TopicLookup topics;
    private final Partitions partitions;
    private final Executor executor;

    /// @param executor where answers are sent: the partitions' owners have no time for that
    RecordDeletions(TopicLookup topics, Partitions partitions, Executor executor) {
        this.topics = topics;
        this.partitions = partitions;
        this.executor = executor;
    }

    void deleteRecords(DeleteRecordsRequest request, StreamObserver<DeleteRecordsResponse> response) {
        if (request.getPartitionsCount() == 0 || request.getPartitionsCount() > PARTITIONS_PER_REQUEST_MAX) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest("a request names 1 to "
                    + PARTITIONS_PER_REQUEST_MAX + " partitions, not " + request.getPartitionsCount())));
            return;
        }
        var deletions = new ArrayList<CompletableFuture<DeletedRecords>>(request.getPartitionsCount());
        request.getPartitionsList().forEach(wanted -> deletions.add(delete(wanted)));
        var _ = CompletableFuture.allOf(deletions.toArray(CompletableFuture<?>[]::new))
                .thenRunAsync(() -> answer(deletions, response), executor);
    }

    private void answer(
            List<CompletableFuture<DeletedRecords>> deletions, StreamObserver<DeleteRecordsResponse> response) {
        var answer = DeleteRecordsResponse.newBuilder()
                .setMetadataIndex(topics.image().index());
        deletions.forEach(deletion -> answer.addResults(deletion.join()));
        response.onNext(answer.build());
        response.onCompleted();
    }

    private CompletableFuture<DeletedRecords> delete(DeleteRecordsPartition wanted) {
        var mistake = mistake(wanted);
        if (mistake.isPresent()) {
            return CompletableFuture.completedFuture(refused(wanted, mistake.get()));
        }
        return switch (topics.find(wanted.getTopic(), wanted.getTopicId(), OptionalInt.of(wanted.getPartition()))) {
            case TopicLookup.Found.Nothing(var problem) -> CompletableFuture.completedFuture(refused(wanted, problem));
            case TopicLookup.Found.Topic(var topic) -> {
                var id = new TopicPartition(topic.id(), wanted.getPartition());
                var before =
                        wanted.hasOffset() ? Optional.of(new Offset(wanted.getOffset())) : Optional.<Offset>empty();
                yield partitions
                        .deleteRecords(id, before)
                        .orTimeout(WAIT_MILLIS_MAX, TimeUnit.MILLISECONDS)
                        .handle((result, failure) ->
                                failure == null ? told(wanted, id, result) : refused(wanted, problem(failure)));
            }
        };
    }

    private static Optional<Problem> mistake(DeleteRecordsPartition wanted) {
        return switch (wanted.getBeforeCase()) {
            case HIGH_WATERMARK -> Optional.empty();
            case OFFSET ->
                wanted.getOffset() >= 0
                        ? Optional.empty()
                        : Optional.of(ServerProblems.invalidRequest(
                                "`offset` is negative: to delete all that readers" + " can see, set `high_watermark`"));
            case BEFORE_NOT_SET ->
                Optional.of(ServerProblems.invalidRequest("neither `offset` nor `high_watermark` is set"));
        };
    }

    private static Problem problem(Throwable failure) {
        return failure instanceof TimeoutException
                ? Problems.problem(
                        Status.Code.DEADLINE_EXCEEDED,
                        ErrorReason.ERROR_REASON_TIMED_OUT,
                        "the records were not deleted within " + WAIT_MILLIS_MAX + " ms, and may be later: try again")
                : ServerProblems.internal("the request failed: see the broker's log");
    }

    private DeletedRecords told(DeleteRecordsPartition wanted, TopicPartition id, DeletionResult result) {
        var topic = wanted.getTopic();
        return switch (result) {
            case DeletionResult.Begins(var logStart) -> {
                var deleted = about(wanted).setLogStartOffset(logStart.value());
                topics.leader(id).ifPresent(deleted::setLeader);
                yield deleted.build();
            }
            case DeletionResult.OutOfRange(var logStart, var highWatermark) ->
                refused(wanted, ServerProblems.beyondHighWatermark(wanted.getOffset(), logStart, highWatermark));
            case DeletionResult.OnlyCompacted() -> refused(wanted, ServerProblems.onlyCompacted(topic));
            case DeletionResult.EndUnknown() -> refused(wanted, ServerProblems.opening(topic, id.partition()));
            case DeletionResult.NotLeader() -> {
                var refused = refused(wanted, topics.notLeader(topic, id)).toBuilder();
                topics.leader(id).ifPresent(refused::setLeader);
                yield refused.build();
            }
            case DeletionResult.Overloaded(var limit) -> refused(wanted, ServerProblems.overloaded(limit));
            case DeletionResult.StorageFailed(var message) -> refused(wanted, ServerProblems.storageFailed(message));
            case DeletionResult.ShuttingDown() -> refused(wanted, ServerProblems.shuttingDown());
        };
    }

    private static DeletedRecords refused(DeleteRecordsPartition wanted, Problem problem) {
        return about(wanted).setProblem(problem).build();
    }

    private static DeletedRecords.Builder about(DeleteRecordsPartition wanted) {
        return DeletedRecords.newBuilder().setTopic(wanted.getTopic()).setPartition(wanted.getPartition());
    }
}
