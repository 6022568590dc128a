package io.weirlog.server.relay;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.internal.NodeConnections;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.tls.NodeTls;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This broker's way to the others, for what clients ask of it and only these can answer.
///
/// Relayed calls go to the port for nodes. What is served there has no relay itself, so no request is passed on twice.
/// They have connections of their own: records on their way must not hold up heartbeats. Thread-safe.
public final class Relay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    private final NodeIdentity identity;
    private final Function<BrokerId, Optional<Endpoint>> addresses;
    private final NodeConnections connections;
    private final int messageBytesMax;
    private final int inFlightMax;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final RelayMeters meters;
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-relay-timer").factory());

    /// @param addresses where brokers listen for other nodes, as far as it is known
    /// @param messageBytesMax the largest message that another broker may answer with
    public Relay(
            NodeIdentity identity,
            NodeTls tls,
            Function<BrokerId, Optional<Endpoint>> addresses,
            int messageBytesMax,
            int inFlightMax,
            MeterRegistry registry) {
        this.identity = identity;
        this.connections = new NodeConnections(tls, Runnable::run);
        this.addresses = addresses;
        this.messageBytesMax = messageBytesMax;
        this.inFlightMax = inFlightMax;
        this.meters = new RelayMeters(registry, inFlight);
    }

    /// Room for one request among those in flight; false if there is none. Given back by [#leave].
    public boolean tryEnter(RelayedRpc rpc) {
        if (inFlight.incrementAndGet() > inFlightMax) {
            inFlight.decrementAndGet();
            return false;
        }
        meters.request(rpc);
        return true;
    }

    public void leave() {
        inFlight.decrementAndGet();
    }

    public static Problem full() {
        return ServerProblems.overloaded("requests that wait for other brokers (relay.max.in.flight)");
    }

    /// Tells the metrics of batches that were passed on.
    public void passedOn(RelayedRpc rpc, long bytes) {
        meters.bytes(rpc, bytes);
    }

    /// For short tasks that do not block.
    public ScheduledExecutorService timers() {
        return timers;
    }

    /// Runs a short task soon, on another thread. A node that stops has nothing left to do.
    public void execute(Runnable task) {
        try {
            timers.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("not done, for the node stops", e);
        }
    }

    /// A new call to that broker; empty if nobody knows where it is. What it answers comes on the network's threads.
    ///
    /// @param context that the call belongs to: it ends with that
    public <Q, R> Optional<ClientCall<Q, R>> newCall(Context context, BrokerId broker, MethodDescriptor<Q, R> method) {
        var previous = context.attach();
        try {
            return newCall(broker, method, CallOptions.DEFAULT);
        } finally {
            context.detach(previous);
        }
    }

    private <Q, R> Optional<ClientCall<Q, R>> newCall(
            BrokerId broker, MethodDescriptor<Q, R> method, CallOptions with) {
        return channel(broker).map(channel -> channel.newCall(method, with.withMaxInboundMessageSize(messageBytesMax)));
    }

    private Optional<Channel> channel(BrokerId broker) {
        try {
            return addresses
                    .apply(broker)
                    .map(address -> CallerHeader.attached(connections.channel(address), identity, broker));
        } catch (IllegalStateException e) {
            // The node is stopping.
            return Optional.empty();
        }
    }

    /// A call to that broker has failed: the next one tries at once to connect again.
    public void failed(BrokerId broker) {
        addresses.apply(broker).ifPresent(connections::retryNow);
    }

    /// What to tell a client about a call to `broker` that failed: what that said, or that it was silent.
    public static Problem problem(BrokerId broker, Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof RelayException relayed) {
            return relayed.problem();
        }
        var problem = Problems.fromThrowable(cause);
        return problem.getReason() == ErrorReason.ERROR_REASON_UNSPECIFIED
                ? ServerProblems.leaderSilent(broker, problem.getMessage())
                : problem;
    }

    /// Asks once. The answer fails with a [RelayException]. Whoever cancels it calls the call off.
    public <Q, R> CompletableFuture<R> ask(
            RelayedRpc rpc, BrokerId broker, MethodDescriptor<Q, R> method, Q request, long waitMillisMax) {
        var options = CallOptions.DEFAULT.withDeadlineAfter(waitMillisMax, TimeUnit.MILLISECONDS);
        var call = newCall(broker, method, options);
        if (call.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new RelayException(ServerProblems.leaderSilent(broker, "its address is not known")));
        }
        if (!tryEnter(rpc)) {
            return CompletableFuture.failedFuture(new RelayException(full()));
        }
        var answer = new CompletableFuture<R>();
        var _ = answer.whenComplete((_, _) -> {
            leave();
            if (answer.isCancelled()) {
                call.get().cancel("nobody waits for it any more", null);
            }
        });
        ClientCalls.asyncUnaryCall(call.get(), request, new Answered<>(broker, answer));
        return answer;
    }

    private final class Answered<R> implements StreamObserver<R> {
        private final BrokerId broker;
        private final CompletableFuture<R> answer;

        Answered(BrokerId broker, CompletableFuture<R> answer) {
            this.broker = broker;
            this.answer = answer;
        }

        @Override
        public void onNext(R response) {
            if (!answer.complete(response) && response instanceof Framed<?> framed) {
                framed.close();
            }
        }

        @Override
        public void onError(Throwable failure) {
            failed(broker);
            answer.completeExceptionally(new RelayException(problem(broker, failure)));
        }

        @Override
        public void onCompleted() {
            answer.completeExceptionally(
                    new RelayException(ServerProblems.leaderSilent(broker, "it ended without an answer")));
        }
    }

    @Override
    public void close() {
        timers.shutdownNow();
        connections.close();
        meters.close();
    }
}
