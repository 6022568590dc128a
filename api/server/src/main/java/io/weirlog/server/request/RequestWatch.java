package io.weirlog.server.request;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.AppendResult;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.wire.Problems;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// Watches the requests of clients: measures all, logs the slow ones, and bounds how many calls one address has open.
/// Costs a few objects for each request, and nothing for each record.
public final class RequestWatch implements ServerInterceptor, AutoCloseable {
    private static final String PRODUCE = ProducerServiceGrpc.getProduceMethod().getFullMethodName();
    /// They take as long as the client has allowed them to wait for records.
    private static final Set<String> WAITING =
            Set.of(ConsumerServiceGrpc.getFetchMethod().getFullMethodName());

    private final RequestMeters meters;
    private final SlowRequests slow;
    private final PeerShares peers;

    public RequestWatch(BrokerId node, NodeConfig.Limits limits, MeterRegistry registry) {
        this.meters = new RequestMeters(registry);
        this.slow = new SlowRequests(node, limits.slowRequestMillis());
        this.peers = new PeerShares(limits.clients().callsPerAddressMax());
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        var origin = Origin.of(call.getAttributes(), headers);
        var peer = origin.address();
        if (!peers.tryTake(peer, 1)) {
            meters.refused();
            return refuse(call, "calls that one address has open (client.max.calls.per.address)");
        }
        var watched = watched(call.getMethodDescriptor(), origin, () -> peers.giveBack(peer, 1));
        var answering = new SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
                super.close(status, trailers);
                watched.ended(status.getCode());
            }
        };
        var context = Context.current().withValue(Origin.KEY, origin);
        return new SimpleForwardingServerCallListener<>(Contexts.interceptCall(context, answering, headers, next)) {
            @Override
            public void onCancel() {
                watched.ended(Status.Code.CANCELLED);
                super.onCancel();
            }
        };
    }

    /// Tells the client to try again a little later.
    ///
    /// @param limit that is reached
    static <Q, R> ServerCall.Listener<Q> refuse(ServerCall<Q, R> call, String limit) {
        var refusal = Problems.toStatus(ServerProblems.overloaded(limit));
        var trailers = Status.trailersFromThrowable(refusal);
        call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
        return new ServerCall.Listener<>() {};
    }

    private Watched watched(MethodDescriptor<?, ?> method, Origin origin, Runnable leave) {
        var name = method.getFullMethodName();
        if (method.getType() != MethodDescriptor.MethodType.UNARY) {
            var open = meters.open(name);
            open.increment();
            return new Watched(_ -> {
                leave.run();
                open.decrement();
            });
        }
        var begunNanos = System.nanoTime();
        return new Watched(code -> {
            leave.run();
            var nanos = System.nanoTime() - begunNanos;
            meters.request(name, code, nanos);
            if (slow.isSlow(nanos) && !WAITING.contains(name) && !origin.isTold()) {
                slow.call(RequestMeters.tag(name), code.name(), origin, nanos);
            }
        });
    }

    /// Sees one end of a call, however many there seem to be: a client may cancel what is being answered.
    private static final class Watched {
        private final Consumer<Status.Code> onEnd;
        private final AtomicBoolean over = new AtomicBoolean();

        Watched(Consumer<Status.Code> onEnd) {
            this.onEnd = onEnd;
        }

        void ended(Status.Code code) {
            if (over.compareAndSet(false, true)) {
                onEnd.accept(code);
            }
        }
    }

    /// An append on a Produce stream was answered.
    ///
    /// @param code 0 if it was appended, else that of its problem
    public void produced(int code, long nanos) {
        meters.request(PRODUCE, Status.fromCodeValue(code).getCode(), nanos);
    }

    /// Measures an append to a partition that is led here, from now on until `then` has been told its result.
    public Consumer<AppendResult> append(String topic, TopicPartition id, Consumer<AppendResult> then) {
        return new AppendTimes(this, topic, id, then);
    }

    void appended(AppendTimes append, Origin origin) {
        if (append.wasWritten()) {
            meters.append(append);
        }
        if (slow.isSlow(append.totalNanos())) {
            slow.append(append, origin);
        }
    }

    @Override
    public void close() {
        meters.close();
    }
}
