package io.weirlog.server.admin;

import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.DeletionResult;
import io.weirlog.replication.Partitions;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.LeaderQuery;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeleteRecordsResponse;
import io.weirlog.v1.DeletedRecords;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Deletes records by request, in the partitions that this broker leads and, through their leaders, in others.
public final class RecordDeletions {
    private static final int PARTITIONS_PER_REQUEST_MAX = 1_000;
    private static final long WAIT_MILLIS_MAX = 30_000;
    private static final long LEADER_MILLIS_MAX = 2_000;

    private final TopicLookup topics;
    private final Partitions partitions;
    private final Executor executor;
    private final Optional<Relay> relay;

    /// @param executor where answers are sent: the partitions' owners have no time for that
    /// @param relay the way to other leaders; empty where other brokers call: what they ask for goes no further
    public RecordDeletions(TopicLookup topics, Partitions partitions, Executor executor, Optional<Relay> relay) {
        this.topics = topics;
        this.partitions = partitions;
        this.executor = executor;
        this.relay = relay;
    }

    /// What other brokers call.
    public ServerServiceDefinition relayedDefinition() {
        return ServerServiceDefinition.builder(AdminServiceGrpc.SERVICE_NAME)
                .addMethod(AdminServiceGrpc.getDeleteRecordsMethod(), ServerCalls.asyncUnaryCall(this::deleteRecords))
                .build();
    }

    void deleteRecords(DeleteRecordsRequest request, StreamObserver<DeleteRecordsResponse> response) {
        if (request.getPartitionsCount() == 0 || request.getPartitionsCount() > PARTITIONS_PER_REQUEST_MAX) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest("a request names 1 to "
                    + PARTITIONS_PER_REQUEST_MAX + " partitions, not " + request.getPartitionsCount())));
            return;
        }
        var wanted = request.getPartitionsList();
        // Asked twice, "all there is" may be more than what was meant.
        var repeatable = wanted.stream().allMatch(DeleteRecordsPartition::hasOffset);
        var results = relay.isEmpty()
                ? delete(wanted)
                : new LeaderQuery<>(new Asked(relay.get()), relay.get(), executor)
                        .ask(wanted, repeatable ? LEADER_MILLIS_MAX : 0);
        var _ = results.thenAcceptAsync(
                deleted -> {
                    response.onNext(DeleteRecordsResponse.newBuilder()
                            .addAllResults(deleted)
                            .setMetadataIndex(topics.image().index())
                            .build());
                    response.onCompleted();
                },
                executor);
    }

    private CompletableFuture<List<DeletedRecords>> delete(List<DeleteRecordsPartition> wanted) {
        var deletions = wanted.stream().map(this::delete).toList();
        return CompletableFuture.allOf(deletions.toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> deletions.stream().map(CompletableFuture::join).toList());
    }

    private final class Asked implements LeaderQuery.Asked<DeleteRecordsPartition, DeletedRecords> {
        private final Relay way;

        Asked(Relay way) {
            this.way = way;
        }

        @Override
        public Optional<BrokerId> elsewhere(DeleteRecordsPartition wanted) {
            return topics.ledElsewhere(wanted.getTopic(), wanted.getPartition());
        }

        @Override
        public CompletableFuture<List<DeletedRecords>> here(List<DeleteRecordsPartition> wanted) {
            return delete(wanted);
        }

        @Override
        public CompletableFuture<List<DeletedRecords>> at(BrokerId broker, List<DeleteRecordsPartition> wanted) {
            var request =
                    DeleteRecordsRequest.newBuilder().addAllPartitions(wanted).build();
            var method = AdminServiceGrpc.getDeleteRecordsMethod();
            return way.ask(RelayedRpc.DELETE_RECORDS, broker, method, request, WAIT_MILLIS_MAX)
                    .thenApply(DeleteRecordsResponse::getResultsList);
        }

        @Override
        public Optional<Problem> problem(DeletedRecords answer) {
            return answer.hasProblem() ? Optional.of(answer.getProblem()) : Optional.empty();
        }

        @Override
        public DeletedRecords failed(DeleteRecordsPartition wanted, Problem problem) {
            return refused(wanted, problem);
        }
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
