package io.weirlog.server.replication;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.FollowInitial;
import io.weirlog.internal.v1.FollowRequest;
import io.weirlog.internal.v1.FollowResponse;
import io.weirlog.metadata.Endpoint;
import io.weirlog.replication.link.Outbound;
import io.weirlog.replication.link.ReplicaTransport;
import io.weirlog.replication.link.ToLeader;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.tls.NodeTls;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.Framed;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The followers' end of the streams, each on a connection of its own: records that are on their way to one leader's
/// followers must not hold up heartbeats.
public final class GrpcReplicaTransport implements ReplicaTransport, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcReplicaTransport.class);
    private static final int FLOW_CONTROL_WINDOW_BYTES = 4 << 20;
    private static final long CLOSE_WAIT_SECONDS = 2;

    private final NodeIdentity identity;
    private final NodeTls tls;
    private final Function<BrokerId, Optional<Endpoint>> addresses;
    private final int messageBytesMax;
    private final MethodDescriptor<FollowRequest, Framed<FollowResponse>> follow;
    private final Map<Endpoint, ManagedChannel> channels = new ConcurrentHashMap<>();

    /// @param addresses where brokers listen for other nodes, as far as it is known
    /// @param messageBytesMax the largest message from a leader: a batch of the largest size and its envelope
    public GrpcReplicaTransport(
            NodeIdentity identity,
            NodeTls tls,
            Function<BrokerId, Optional<Endpoint>> addresses,
            int messageBytesMax,
            BufferSource buffers) {
        this.identity = identity;
        this.tls = tls;
        this.addresses = addresses;
        this.messageBytesMax = messageBytesMax;
        this.follow = FollowMethod.of(buffers);
    }

    @Override
    public Outbound<ToLeader> connect(BrokerId leader, Listener listener) {
        var address = addresses.apply(leader);
        if (address.isEmpty()) {
            listener.ended("the metadata know no address of broker " + leader);
            return new Nowhere();
        }
        var channel = channels.computeIfAbsent(address.get(), this::open);
        // The link decides when to try again; gRPC's own growing delay would come on top.
        channel.resetConnectBackoff();
        var stream = new Stream(listener);
        ClientCalls.asyncBidiStreamingCall(channel.newCall(follow, CallOptions.DEFAULT), stream);
        stream.start(leader);
        return stream;
    }

    private ManagedChannel open(Endpoint address) {
        return tls.channel(address)
                .userAgent("weirlog-replica")
                // What comes is only handed on.
                .directExecutor()
                .maxInboundMessageSize(messageBytesMax)
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .disableRetry()
                .build();
    }

    @Override
    public void close() {
        channels.values().forEach(ManagedChannel::shutdownNow);
        try {
            for (var channel : channels.values()) {
                channel.awaitTermination(CLOSE_WAIT_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A stream that could not be opened.
    private record Nowhere() implements Outbound<ToLeader> {
        @Override
        public void send(List<ToLeader> messages) {
            // The link has been told that the stream ended.
        }

        @Override
        public void close(String why) {
            // It never was open.
        }
    }

    private final class Stream
            implements ClientResponseObserver<FollowRequest, Framed<FollowResponse>>, Outbound<ToLeader> {
        private final Listener listener;
        private final FollowRequests requests;
        private final FollowResponses responses;
        private @Nullable ClientCallStreamObserver<FollowRequest> call;
        private volatile boolean ended;

        Stream(Listener listener) {
            var aliases = new Aliases();
            this.listener = listener;
            this.requests = new FollowRequests(aliases);
            this.responses = new FollowResponses(aliases);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<FollowRequest> started) {
            call = started;
        }

        private StreamObserver<FollowRequest> call() {
            if (call == null) {
                throw new IllegalStateException("the call has not begun");
            }
            return call;
        }

        void start(BrokerId leader) {
            call().onNext(FollowRequest.newBuilder()
                    .setInitial(FollowInitial.newBuilder().setCaller(identity.callerTo(leader)))
                    .build());
        }

        @Override
        public synchronized void send(List<ToLeader> messages) {
            if (!ended) {
                requests.encode(messages).forEach(call()::onNext);
            }
        }

        @Override
        public synchronized void close(String why) {
            if (!ended && call != null) {
                ended = true;
                call.cancel(why, null);
            }
        }

        @Override
        public void onNext(Framed<FollowResponse> response) {
            try {
                var decoded = responses.decode(response);
                if (decoded.isEmpty()) {
                    listener.heartbeat();
                }
                decoded.forEach(listener::received);
            } catch (FollowRequests.Malformed e) {
                response.close();
                LOG.warn("a leader's broker said nonsense: {}", e.getMessage());
                close("nonsense: " + e.getMessage());
                listener.ended("the leader said nonsense: " + e.getMessage());
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended = true;
            listener.ended(String.valueOf(failure.getMessage()));
        }

        @Override
        public void onCompleted() {
            ended = true;
            listener.ended("the leader has ended it");
        }
    }
}
