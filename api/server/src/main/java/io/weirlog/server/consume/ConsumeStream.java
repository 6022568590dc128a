package io.weirlog.server.consume;

import com.google.protobuf.Duration;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.OpenStreams;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeInitialized;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.Draining;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.Heartbeat;
import io.weirlog.v1.PartitionProblem;
import io.weirlog.v1.Problem;
import io.weirlog.v1.RecordForm;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One Consume stream: the conversation with its client. What is sent from the partitions is [Delivery]'s part.
///
/// Everything happens on one sequential executor: requests, wake-ups from partitions, and the transport's readiness.
final class ConsumeStream implements StreamObserver<ConsumeRequest>, OpenStreams.OpenStream {
    /// A member of a group has so long to commit and go when the node stops, or less if the node itself has.
    private static final java.time.Duration MEMBER_GRACE_MAX = java.time.Duration.ofSeconds(3);

    private final NodeFacts facts;
    private final OpenStreams openStreams;
    private final Subscriptions subscriptions;
    private final PartitionReader reader;
    private final ServerCallStreamObserver<Framed<ConsumeResponse>> responses;
    private final Executor sequential;
    private final Context context = Context.current();
    private final Optional<RemoteSources.Means> remote;
    private final Optional<GroupPort> groups;
    private final AtomicBoolean pumpQueued = new AtomicBoolean();
    private @Nullable ConsumeInitial initial;
    private @Nullable Delivery delivery;
    /// Of a stream that subscribes with a group.
    private @Nullable GroupMembership membership;
    /// Where partitions begin is being looked up: the next request has to wait.
    private boolean beginning;

    private int lastAssignment;
    private String rack = "";
    private boolean ended;
    private boolean draining;
    private CompletableFuture<?> left = CompletableFuture.completedFuture(null);
    private Future<?> graceEnds = CompletableFuture.completedFuture(null);
    private boolean initialSent;
    private boolean sentSinceHeartbeat;

    /// @param remote the means to read what other brokers lead; empty: it is not read
    /// @param groups the way to the groups' coordinators; empty: streams of groups are refused
    ConsumeStream(
            NodeFacts facts,
            OpenStreams openStreams,
            Subscriptions subscriptions,
            PartitionReader reader,
            ServerCallStreamObserver<Framed<ConsumeResponse>> responses,
            Executor sequential,
            Optional<RemoteSources.Means> remote,
            Optional<GroupPort> groups) {
        this.facts = facts;
        this.openStreams = openStreams;
        this.subscriptions = subscriptions;
        this.reader = reader;
        this.responses = responses;
        this.sequential = sequential;
        this.remote = remote;
        this.groups = groups;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::wake);
        responses.setOnCancelHandler(() -> sequential.execute(this::end));
        openStreams.opened(this);
        responses.request(1);
    }

    @Override
    public void onNext(ConsumeRequest request) {
        sequential.execute(() -> {
            if (!ended) {
                handle(request);
                if (!beginning) {
                    responses.request(1);
                }
            }
        });
    }

    /// Runs a task of this stream's, unless the stream has ended before.
    void execute(Runnable task) {
        sequential.execute(() -> {
            if (!ended) {
                task.run();
            }
        });
    }

    private void handle(ConsumeRequest request) {
        var active = delivery;
        if (request.hasInitial()) {
            onInitial(request.getInitial());
            return;
        }
        if (active == null) {
            fail(ServerProblems.initialExpected("the first message of a Consume stream must be `initial`"));
            return;
        }
        switch (request.getRequestCase()) {
            case CREDIT -> active.grant(request.getCredit()).ifPresent(this::fail);
            case SEEK -> active.seek(request.getSeek());
            case PAUSE -> forEach(request.getPause().getAssignmentsList(), active::pause);
            case RESUME -> forEach(request.getResume().getAssignmentsList(), assignment -> resume(active, assignment));
            case ASSIGN -> onAssign(active, request.getAssign().getPartitionsList());
            case UNASSIGN -> forEach(request.getUnassign().getAssignmentsList(), active::remove);
            case COMMIT -> inGroup(member -> member.commit(request.getCommit()));
            case REVOKED ->
                inGroup(member -> member.revoked(request.getRevoked().getAssignmentsList()));
            case REQUEST_NOT_SET -> fail(ServerProblems.invalidRequest("a request of the stream is empty"));
            case INITIAL -> throw new IllegalStateException("handled before");
        }
        pump();
    }

    private void inGroup(Consumer<GroupMembership> action) {
        if (membership == null) {
            fail(ServerProblems.invalidRequest("`commit` and `revoked` belong to group subscriptions"));
        } else {
            action.accept(membership);
        }
    }

    /// What is being revoked stays as it is.
    private void resume(Delivery active, int assignment) {
        if (membership == null || !membership.isRevoking(assignment)) {
            active.resume(assignment);
        }
    }

    private static void forEach(List<Integer> assignments, IntConsumer action) {
        assignments.forEach(action::accept);
    }

    private void onInitial(ConsumeInitial request) {
        if (initial != null) {
            fail(ServerProblems.initialExpected("`initial` came twice: it is the first message of a stream only"));
            return;
        }
        if (!request.getClusterId().isEmpty() && !request.getClusterId().equals(facts.clusterId())) {
            fail(ServerProblems.clusterMismatch(request.getClusterId(), facts.clusterId()));
            return;
        }
        initial = request;
        var asks = remote.filter(_ -> !Routes.leaderOnly(request.getRouting()));
        if (request.hasGroup() && groups.isPresent()) {
            join(request, asks, groups.get());
            return;
        }
        switch (subscriptions.resolve(request)) {
            case Subscriptions.Resolved.Refused(var problem) -> fail(problem);
            case Subscriptions.Resolved.Begin(var beginnings) ->
                begin(beginnings, asks.isPresent(), begun -> begin(request, asks, begun));
        }
    }

    /// Calls `next` once it is known where these begin; until then no other request is handled.
    private void begin(List<Subscriptions.Beginning> beginnings, boolean mayAsk, Consumer<Subscriptions.Begun> next) {
        lastAssignment += beginnings.size();
        var begun = subscriptions.begin(beginnings, mayAsk);
        if (begun.isDone()) {
            next.accept(begun.join());
            return;
        }
        beginning = true;
        var _ = begun.thenAccept(found -> execute(() -> {
            beginning = false;
            next.accept(found);
            responses.request(1);
        }));
    }

    private void begin(ConsumeInitial request, Optional<RemoteSources.Means> asks, Subscriptions.Begun begun) {
        var active = deliver(request, asks);
        active.add(begun.cursors());
        sendInitial("");
        tell(begun);
        active.offerPreferred(rack);
        active.grant(request.getCredit()).ifPresent(this::fail);
        pump();
    }

    /// Partitions come when the group's coordinator gives it some.
    private void join(ConsumeInitial request, Optional<RemoteSources.Means> asks, GroupPort port) {
        var active = deliver(request, asks);
        active.grant(request.getCredit()).ifPresent(this::fail);
        if (!ended) {
            membership = new GroupReading(this, subscriptions, active, request, asks.isPresent(), this::sendInitial)
                    .join(port);
        }
    }

    private Delivery deliver(ConsumeInitial request, Optional<RemoteSources.Means> asks) {
        var encoded = request.getForm() == RecordForm.RECORD_FORM_BATCHES;
        var maxBytes = request.getMaxBatchBytes() <= 0
                ? Subscriptions.DEFAULT_BATCH_BYTES
                : Math.min(request.getMaxBatchBytes(), facts.limits().maxFetchBytes());
        var active = new Delivery(
                reader,
                subscriptions,
                new Delivery.Form(encoded, maxBytes),
                this,
                asks,
                new RemoteSources.Reader(request.getIsolation(), context, sequential));
        delivery = active;
        rack = request.getRack();
        return active;
    }

    /// @param memberId empty without a group
    private void sendInitial(String memberId) {
        initialSent = true;
        send(ConsumeResponse.newBuilder()
                .setInitial(ConsumeInitialized.newBuilder()
                        .setClusterId(facts.clusterId())
                        .setBrokerId(facts.nodeId().value())
                        .setMemberId(memberId)
                        .setHeartbeatInterval(
                                Duration.newBuilder().setSeconds(OpenStreams.HEARTBEAT_INTERVAL.toSeconds())))
                .build());
    }

    private void tell(Subscriptions.Begun begun) {
        send(ConsumeResponse.newBuilder().setAssigned(begun.assigned()).build());
        begun.problems().forEach(this::sendProblem);
    }

    private void onAssign(Delivery active, List<ExplicitPartition> partitions) {
        var begun = initial;
        if (begun == null || !begun.hasPartitions()) {
            fail(ServerProblems.invalidRequest("`assign` belongs to streams of explicit partitions"));
            return;
        }
        var asks = remote.isPresent() && !Routes.leaderOnly(begun.getRouting());
        switch (subscriptions.explicit(begun, partitions, active.size(), lastAssignment)) {
            case Subscriptions.Resolved.Refused(var problem) -> fail(problem);
            case Subscriptions.Resolved.Begin(var beginnings) ->
                begin(beginnings, asks, found -> {
                    active.add(found.cursors());
                    tell(found);
                    pump();
                });
        }
    }

    /// Any thread: there may be something to send.
    void wake() {
        if (pumpQueued.compareAndSet(false, true)) {
            sequential.execute(this::pump);
        }
    }

    private void pump() {
        pumpQueued.set(false);
        if (!ended && delivery != null) {
            delivery.pump();
        }
    }

    /// Any thread: a partition has more to read, or another role.
    void onWatermark(Cursor cursor) {
        sequential.execute(() -> {
            if (!ended && delivery != null) {
                delivery.awaken(cursor);
            }
        });
    }

    boolean canSend() {
        return !ended && !draining && responses.isReady();
    }

    void send(ConsumeResponse response) {
        send(Framed.of(response));
    }

    /// Sends and gives the payload back, whatever happens.
    void send(Framed<ConsumeResponse> response) {
        if (ended) {
            response.close();
            return;
        }
        sentSinceHeartbeat = true;
        try {
            responses.onNext(response);
        } finally {
            response.close();
        }
    }

    void sendProblem(int assignment, Problem problem) {
        sendProblem(PartitionProblem.newBuilder()
                .setAssignment(assignment)
                .setProblem(problem)
                .build());
    }

    private void sendProblem(PartitionProblem problem) {
        send(ConsumeResponse.newBuilder().setProblem(problem).build());
    }

    void fail(Problem problem) {
        if (!ended) {
            end();
            var status = Problems.toStatus(problem);
            if (draining) {
                onceLeft(() -> responses.onError(status));
            } else {
                responses.onError(status);
            }
        }
    }

    /// A node that stops waits for its open streams: so for what the groups still have to be told.
    private void onceLeft(Runnable action) {
        var _ = left.whenComplete((_, _) -> sequential.execute(action));
    }

    private void end() {
        ended = true;
        graceEnds.cancel(false);
        openStreams.closed(this);
        if (membership != null) {
            left = membership.leave();
        }
        if (delivery != null) {
            delivery.close();
        }
    }

    @Override
    public void heartbeat() {
        sequential.execute(() -> {
            if (delivery != null && !ended) {
                delivery.offerPreferred(rack);
                if (initial != null && initial.getWithLag()) {
                    delivery.tellLag(System.currentTimeMillis());
                }
            }
            if (initialSent && !sentSinceHeartbeat) {
                send(ConsumeResponse.newBuilder()
                        .setHeartbeat(Heartbeat.getDefaultInstance())
                        .build());
            }
            sentSinceHeartbeat = false;
        });
    }

    /// Records are sent no more; a member's commits are still taken until it goes.
    @Override
    public void drain(java.time.Duration grace) {
        sequential.execute(() -> {
            draining = true;
            var millis = membership != null ? Math.min(grace.toMillis(), MEMBER_GRACE_MAX.toMillis()) : 0;
            send(ConsumeResponse.newBuilder()
                    .setDraining(Draining.newBuilder().setGrace(GroupMembership.duration(millis)))
                    .build());
            if (millis == 0) {
                fail(ServerProblems.shuttingDown());
            } else {
                graceEnds = openStreams.later(() -> execute(() -> fail(ServerProblems.shuttingDown())), millis);
            }
        });
    }

    @Override
    public void onError(Throwable cancelled) {
        sequential.execute(this::end);
    }

    /// The client has nothing more to say, not even credit: what it has granted so far is not sent any more.
    @Override
    public void onCompleted() {
        sequential.execute(() -> {
            if (!ended) {
                end();
                onceLeft(responses::onCompleted);
            }
        });
    }
}
