package io.weirlog.server.request;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where a call comes from. It is in the gRPC context of the call.
public final class Origin {
    static final Context.Key<Origin> KEY = Context.key("weirlog-origin");

    private static final Origin UNKNOWN = new Origin(null, Optional.empty());

    private final @Nullable SocketAddress peer;
    private final Optional<TraceContext> trace;
    private volatile boolean told;

    private Origin(@Nullable SocketAddress peer, Optional<TraceContext> trace) {
        this.peer = peer;
        this.trace = trace;
    }

    static Origin of(Attributes attributes, Metadata headers) {
        return new Origin(attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR), TraceContext.of(headers));
    }

    /// Of the call that this thread is serving.
    public static Origin current() {
        var origin = KEY.get();
        return origin == null ? UNKNOWN : origin;
    }

    /// Finds it for calls that are not watched: those that other brokers pass on.
    public static ServerInterceptor reading() {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                var context = Context.current().withValue(KEY, of(call.getAttributes(), headers));
                return Contexts.interceptCall(context, call, headers, next);
            }
        };
    }

    /// Lets calls that are made while another one is served belong to its trace.
    public static ClientInterceptor passingOn() {
        return new ClientInterceptor() {
            @Override
            public <Q, R> ClientCall<Q, R> interceptCall(
                    MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
                var trace = current().trace;
                var call = next.newCall(method, options);
                return trace.isEmpty()
                        ? call
                        : new SimpleForwardingClientCall<>(call) {
                            @Override
                            public void start(Listener<R> listener, Metadata headers) {
                                trace.get().writeTo(headers);
                                super.start(listener, headers);
                            }
                        };
            }
        };
    }

    /// Empty for a call from within the process.
    public Optional<SocketAddress> address() {
        return Optional.ofNullable(peer);
    }

    String peer() {
        return peer instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress() + ":" + address.getPort()
                : String.valueOf(peer);
    }

    Optional<TraceContext> trace() {
        return trace;
    }

    /// That the call was slow has been logged, by somebody who knows more of it than how long it took.
    void told() {
        told = true;
    }

    boolean isTold() {
        return told;
    }
}
