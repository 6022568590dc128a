package io.weirlog.server.group;

import io.grpc.Status;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.group.core.GroupId;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.server.internal.TopicOpenings;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayException;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Leader;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Routing;
import io.weirlog.wire.Problems;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/// Brings each request to the coordinator of its group, here or at another broker, and asks again while there is none.
/// All of them may be asked twice: what the first one did, the second finds done.
final class GroupCalls {
    private static final long BACKOFF_MILLIS = 50;

    private final TopicLookup topics;
    private final GroupCoordinators coordinators;
    private final Relay relay;
    private final MetadataClient metadata;
    private final TopicOpenings openings;
    private final Executor executor;

    GroupCalls(
            TopicLookup topics,
            GroupCoordinators coordinators,
            Relay relay,
            MetadataClient metadata,
            TopicOpenings openings,
            Executor executor) {
        this.topics = topics;
        this.coordinators = coordinators;
        this.relay = relay;
        this.metadata = metadata;
        this.openings = openings;
        this.executor = executor;
    }

    /// Fails with a [RelayException].
    ///
    /// @param waitMillisMax how long to look for the coordinator and to wait for its answer
    <Q, R> CompletableFuture<R> call(GroupCall<Q, R> call, Q request, long waitMillisMax) {
        var pending = new Pending<>(call, request, deadline(waitMillisMax));
        executor.execute(pending::attempt);
        return pending.answer;
    }

    /// The answer of this broker's own coordinator only.
    <Q, R> CompletableFuture<R> callHere(GroupCall<Q, R> call, Q request) {
        var group = call.group().apply(request);
        return OffsetsTopic.in(topics.image())
                .map(topic -> here(call, request, OffsetsTopic.partitionOf(new GroupId(group), topic)))
                .orElseGet(() ->
                        CompletableFuture.failedFuture(new RelayException(notCoordinator(group, Optional.empty()))));
    }

    private static long deadline(long waitMillisMax) {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillisMax);
    }

    private <Q, R> CompletableFuture<R> here(GroupCall<Q, R> call, Q request, TopicPartition partition) {
        var group = call.group().apply(request);
        var image = topics.image();
        return switch (call.reader().read(request, image)) {
            case GroupCall.Read.Wrong(var problem) -> CompletableFuture.failedFuture(new RelayException(problem));
            case GroupCall.Read.Request(var read) ->
                coordinators
                        .ask(partition, read)
                        .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()))
                        .thenCompose(reply -> written(call, request, group, partition, reply));
        };
    }

    private <Q, R> CompletableFuture<R> written(
            GroupCall<Q, R> call, Q request, String group, TopicPartition partition, Optional<GroupReply> reply) {
        var leader = topics.leader(partition);
        if (reply.isEmpty()) {
            return CompletableFuture.failedFuture(new RelayException(notCoordinator(group, leader)));
        }
        if (reply.get() instanceof GroupReply.Refused refused) {
            return CompletableFuture.failedFuture(new RelayException(GroupProblems.problem(refused, group)));
        }
        return CompletableFuture.completedFuture(call.writer()
                .write(request, reply.get(), leader.orElseGet(Leader::getDefaultInstance), topics.image()));
    }

    private Problem notCoordinator(String group, Optional<Leader> leader) {
        var other = leader.filter(found -> !topics.isSelf(found));
        return Problems.retryAfterMillis(
                Problems.problem(
                        Status.Code.UNAVAILABLE,
                        ErrorReason.ERROR_REASON_NOT_COORDINATOR,
                        other.map(found -> "the group is coordinated by broker " + found.getBrokerId() + " at "
                                        + found.getAddress() + ": go there, or ask with routing ANY")
                                .orElse("the group has no coordinator at the moment: try again"),
                        other.map(found -> Map.of(
                                        "group_id", ServerProblems.shortened(group),
                                        "leader_id", Integer.toString(found.getBrokerId()),
                                        "leader_epoch", Integer.toString(found.getLeaderEpoch()),
                                        "leader_address", found.getAddress()))
                                .orElseGet(() -> Map.of("group_id", ServerProblems.shortened(group)))),
                BACKOFF_MILLIS);
    }

    private final class Pending<Q, R> {
        private final GroupCall<Q, R> call;
        private final Q request;
        private final long deadlineNanos;
        private final boolean mayRelay;
        private final CompletableFuture<R> answer = new CompletableFuture<>();

        Pending(GroupCall<Q, R> call, Q request, long deadlineNanos) {
            this.call = call;
            this.request = request;
            this.deadlineNanos = deadlineNanos;
            this.mayRelay = call.routing().apply(request) != Routing.ROUTING_LEADER_ONLY;
        }

        private long millisLeft() {
            return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        }

        void attempt() {
            var topic = OffsetsTopic.in(topics.image());
            if (topic.isEmpty()) {
                makeTopic();
                return;
            }
            var group = call.group().apply(request);
            var partition = OffsetsTopic.partitionOf(new GroupId(group), topic.get());
            var leader = topics.leader(partition);
            if (leader.isEmpty()) {
                failed(notCoordinator(group, leader));
                return;
            }
            var elsewhere = !topics.isSelf(leader.get());
            if (elsewhere && !mayRelay) {
                answer.completeExceptionally(new RelayException(notCoordinator(group, leader)));
                return;
            }
            var asked = elsewhere
                    ? relay.ask(
                            RelayedRpc.GROUPS,
                            new BrokerId(leader.get().getBrokerId()),
                            call.rpc(),
                            request,
                            Math.max(1, millisLeft()))
                    : here(call, request, partition);
            var _ = asked.whenComplete((response, failure) -> {
                if (failure == null) {
                    answer.complete(response);
                } else {
                    failed(Relay.problem(new BrokerId(leader.get().getBrokerId()), failure));
                }
            });
        }

        /// Asks again where that may help.
        private void failed(Problem problem) {
            var isFinal = !mayHelp(problem) || !mayRelay || millisLeft() <= BACKOFF_MILLIS;
            if (isFinal || answer.isDone()) {
                answer.completeExceptionally(new RelayException(problem));
                return;
            }
            try {
                var _ = relay.timers()
                        .schedule(() -> executor.execute(this::attempt), BACKOFF_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                answer.completeExceptionally(new RelayException(problem));
            }
        }

        private void makeTopic() {
            var _ = metadata.propose(OffsetsTopic.creation(topics.image()))
                    .whenCompleteAsync(
                            (reply, failure) -> {
                                if (failure != null) {
                                    failed(ServerProblems.retryable(ServerProblems.internal(
                                            "the topic " + OffsetsTopic.NAME + " cannot be made now")));
                                } else if (reply instanceof MetadataReply.Rejected(var reason, var message)
                                        && reason != RejectReason.TOPIC_ALREADY_EXISTS) {
                                    failed(unmade(message));
                                } else {
                                    OffsetsTopic.in(topics.image()).ifPresent(openings::await);
                                    attempt();
                                }
                            },
                            executor);
        }

        private Problem unmade(String message) {
            return Problems.retryAfterMillis(
                    Problems.problem(
                            Status.Code.UNAVAILABLE,
                            ErrorReason.ERROR_REASON_NOT_COORDINATOR,
                            "groups cannot be kept yet: the topic " + OffsetsTopic.NAME + " cannot be made: "
                                    + message),
                    BACKOFF_MILLIS);
        }
    }

    /// Whether the same request can fare better a little later.
    private static boolean mayHelp(Problem problem) {
        return problem.getReason() == ErrorReason.ERROR_REASON_NOT_COORDINATOR
                || problem.getCode() == Status.Code.UNAVAILABLE.value();
    }
}
