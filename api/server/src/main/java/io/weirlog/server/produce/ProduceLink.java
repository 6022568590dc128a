package io.weirlog.server.produce;

import com.google.protobuf.Duration;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.Routing;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One Produce stream to another broker, which leads the partitions of the appends that are sent over it.
///
/// ```
/// state     leaves it when
/// opening   the leader answers -> open; the call fails: nothing was appended of what waits -> ended
/// open      the leader drains -> closing; the call fails: nobody knows what became of the appends -> ended
/// closing   the last append is answered, or the call fails -> ended
/// ```
/// It is called off when nobody needs it any more, or when it does not open; then it ends as by any other failure.
///
/// Appends wait until the leader has answered `initial`: a leader that cannot be reached has surely appended nothing.
/// Results are told outside of the monitor, in the order in which they come.
final class ProduceLink implements StreamObserver<ProduceResponse> {
    private static final long OPEN_MILLIS_MAX = 2_000;
    private static final long LOOK_MILLIS = 100;
    /// The leader keeps the deadline itself: so much later it is taken to be silent.
    private static final long DEADLINE_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    /// A broker that was replaced as a leader and says nothing for so long is not waited for.
    private static final long REPLACED_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);

    private final AppendPaths.Means means;
    private final BrokerId leader;
    private final RelayedRpc rpc;
    private final String clientId;
    private final Map<Long, Passenger> passengers = new LinkedHashMap<>();
    private State state = State.UNUSED;
    private @Nullable ClientCallStreamObserver<Framed<ProduceRequest>> requests;
    private boolean everOpen;
    private long lastCorrelationId;
    private long openedNanos;
    private long heardNanos;
    private boolean looking;

    private enum State {
        UNUSED,
        OPENING,
        OPEN,
        CLOSING,
        CALLED_OFF,
        ENDED
    }

    /// An append under way.
    private static final class Passenger {
        final PartitionAppend append;
        final Consumer<AppendResult> results;
        boolean replaced;
        long replacedNanos;

        Passenger(PartitionAppend append, Consumer<AppendResult> results) {
            this.append = append;
            this.results = results;
        }
    }

    private record Told(Passenger passenger, AppendResult result) {
        void tell() {
            passenger.results.accept(result);
        }
    }

    ProduceLink(AppendPaths.Means means, BrokerId leader, RelayedRpc rpc, String clientId) {
        this.means = means;
        this.leader = leader;
        this.rpc = rpc;
        this.clientId = clientId;
    }

    /// Begins with the first use.
    ///
    /// @return false if the stream is over: another one is needed
    synchronized boolean open(Context context) {
        if (state != State.UNUSED) {
            return state == State.OPENING || state == State.OPEN;
        }
        var call = means.relay().newCall(context, leader, means.produce());
        if (call.isEmpty()) {
            state = State.ENDED;
            return true;
        }
        state = State.OPENING;
        openedNanos = means.clock().nanoTime();
        heardNanos = openedNanos;
        var opened =
                (ClientCallStreamObserver<Framed<ProduceRequest>>) ClientCalls.asyncBidiStreamingCall(call.get(), this);
        requests = opened;
        opened.onNext(Framed.of(ProduceRequest.newBuilder()
                .setInitial(ProduceInitial.newBuilder().setClientId(clientId).setRouting(Routing.ROUTING_LEADER_ONLY))
                .build()));
        return true;
    }

    /// Sends the append once; its result comes, whatever happens. The batch stays the sender's.
    void append(PartitionAppend append, Consumer<AppendResult> results) {
        var passenger = new Passenger(append, results);
        if (!means.relay().tryEnter(rpc)) {
            results.accept(notAppended(passenger, Relay.full()));
            return;
        }
        synchronized (this) {
            if (state == State.OPENING || state == State.OPEN) {
                var correlationId = ++lastCorrelationId;
                passengers.put(correlationId, passenger);
                if (state == State.OPEN) {
                    send(correlationId, passenger);
                }
                lookLater();
                return;
            }
        }
        means.relay().leave();
        results.accept(notAppended(passenger, ServerProblems.leaderSilent(leader, "its stream has ended")));
    }

    private void send(long correlationId, Passenger passenger) {
        var append = passenger.append;
        var leftNanos =
                Math.max(1_000_000, append.deadlineNanos() - means.clock().nanoTime());
        var request = ProduceAppend.newBuilder()
                .setCorrelationId(correlationId)
                .setTopic(append.topic())
                .setTopicId(
                        UnsafeByteOperations.unsafeWrap(append.id().topicId().toBytes()))
                .setPartition(append.id().partition())
                .setAcks(append.acks())
                .setTimeout(Duration.newBuilder()
                        .setSeconds(leftNanos / 1_000_000_000)
                        .setNanos((int) (leftNanos % 1_000_000_000)));
        append.expectedBaseOffset().ifPresent(expected -> request.setExpectedBaseOffset(expected.value()));
        var batch = append.batch().share();
        means.relay().passedOn(rpc, batch.length());
        if (requests != null) {
            requests.onNext(
                    Framed.of(ProduceRequest.newBuilder().setAppend(request).build(), batch));
        }
    }

    @Override
    public void onNext(ProduceResponse response) {
        List<Told> told = new ArrayList<>();
        synchronized (this) {
            heardNanos = means.clock().nanoTime();
            switch (response.getResponseCase()) {
                case INITIAL -> {
                    if (state == State.OPENING) {
                        state = State.OPEN;
                        everOpen = true;
                        passengers.forEach(this::send);
                    }
                }
                case RESULT -> arrived(response.getResult(), told);
                case DRAINING -> state = state == State.OPEN ? State.CLOSING : state;
                case HEARTBEAT, RESPONSE_NOT_SET -> {}
            }
            leaveWhenEmpty();
        }
        tell(told);
    }

    private void arrived(AppendResult result, List<Told> told) {
        var passenger = passengers.remove(result.getCorrelationId());
        // One that was given up is answered already.
        if (passenger != null) {
            told.add(new Told(passenger, result.toBuilder().clearCorrelationId().build()));
        }
    }

    private void leaveWhenEmpty() {
        if (state == State.CLOSING && passengers.isEmpty() && requests != null) {
            state = State.ENDED;
            requests.onCompleted();
        }
    }

    private void tell(List<Told> told) {
        for (var each : told) {
            means.relay().leave();
            each.tell();
        }
    }

    @Override
    public void onError(Throwable failure) {
        means.relay().failed(leader);
        var problem = Relay.problem(leader, failure);
        List<Told> told = new ArrayList<>();
        synchronized (this) {
            // A broker that stops ends a stream only when it has answered all that it took from it.
            var surelyNot = !everOpen || problem.getReason() == ErrorReason.ERROR_REASON_SHUTTING_DOWN;
            state = State.ENDED;
            passengers
                    .values()
                    .forEach(passenger -> told.add(new Told(
                            passenger, surelyNot ? notAppended(passenger, problem) : unknown(passenger, problem))));
            passengers.clear();
        }
        tell(told);
    }

    @Override
    public void onCompleted() {
        onError(Status.UNAVAILABLE.withDescription("it has ended the stream").asRuntimeException());
    }

    /// Called with the monitor held, whenever something is under way.
    private void lookLater() {
        if (looking || passengers.isEmpty()) {
            return;
        }
        try {
            var _ = means.relay().timers().schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
            looking = true;
        } catch (RejectedExecutionException e) {
            // The node is stopping, and the call ends with its connection.
            looking = false;
        }
    }

    /// Gives up what the leader is silent about for too long.
    private void look() {
        List<Told> told = new ArrayList<>();
        var late = false;
        synchronized (this) {
            looking = false;
            var now = means.clock().nanoTime();
            late = state == State.OPENING
                    && now - openedNanos > TimeUnit.MILLISECONDS.toNanos(OPEN_MILLIS_MAX)
                    && requests != null;
            passengers.values().removeIf(passenger -> {
                var given = givenUp(passenger, now);
                if (given) {
                    told.add(new Told(passenger, overdue(passenger)));
                }
                return given;
            });
            lookLater();
            leaveWhenEmpty();
        }
        tell(told);
        if (late) {
            close();
        }
    }

    private boolean givenUp(Passenger passenger, long now) {
        if (now - passenger.append.deadlineNanos() > DEADLINE_GRACE_NANOS) {
            return true;
        }
        var replaced = means.topics()
                .leader(passenger.append.id())
                .filter(current -> current.getBrokerId() != leader.value())
                .isPresent();
        if (replaced && !passenger.replaced) {
            passenger.replacedNanos = now;
        }
        passenger.replaced = replaced;
        return replaced && now - passenger.replacedNanos > REPLACED_NANOS_MAX && now - heardNanos > REPLACED_NANOS_MAX;
    }

    private AppendResult overdue(Passenger passenger) {
        if (!everOpen) {
            return notAppended(passenger, ServerProblems.leaderSilent(leader, "it does not answer in time"));
        }
        return unknown(
                passenger,
                Problems.problem(
                        Status.Code.DEADLINE_EXCEEDED,
                        ErrorReason.ERROR_REASON_TIMED_OUT,
                        "broker " + leader + ", to which the append was passed on, did not answer in time"));
    }

    private AppendResult notAppended(Passenger passenger, Problem problem) {
        return withLeader(
                passenger, AppendAnswers.notAppended(passenger.append.id().partition(), problem));
    }

    private AppendResult unknown(Passenger passenger, Problem problem) {
        return withLeader(passenger, AppendAnswers.unknown(passenger.append.id().partition(), problem));
    }

    private AppendResult withLeader(Passenger passenger, AppendResult result) {
        return means.topics()
                .leader(passenger.append.id())
                .map(current -> result.toBuilder().setLeader(current).build())
                .orElse(result);
    }

    /// Calls the stream off: what is under way is told that nobody knows of it.
    void close() {
        ClientCallStreamObserver<Framed<ProduceRequest>> call;
        synchronized (this) {
            call = requests;
            if (call == null || state == State.CALLED_OFF || state == State.ENDED) {
                return;
            }
            // Nothing is sent over a call that was cancelled.
            state = State.CALLED_OFF;
        }
        call.cancel("the stream is not needed any more, or does not open", null);
    }
}
