package io.weirlog.server.internal;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.server.tls.NodeTls;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// One connection to each other node that is talked to. Thread-safe.
public final class NodeConnections implements AutoCloseable {
    static final int MESSAGE_BYTES_MAX = 16 << 20;

    private static final Duration KEEP_ALIVE_TIME = Duration.ofSeconds(10);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CLOSE_WAIT_MAX = Duration.ofSeconds(2);

    private final NodeTls tls;
    private final Executor executor;
    private final Map<Endpoint, ManagedChannel> channels = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /// @param executor runs what answers call back
    public NodeConnections(NodeTls tls, Executor executor) {
        this.tls = tls;
        this.executor = executor;
    }

    /// The connection to a controller.
    public Channel channelTo(Controllers controllers, BrokerId controller) {
        return channel(controllers.address(controller));
    }

    public ManagedChannel channel(Endpoint node) {
        if (closed) {
            throw new IllegalStateException("the node's connections are closed");
        }
        return channels.computeIfAbsent(node, this::open);
    }

    private ManagedChannel open(Endpoint node) {
        return tls.channel(node)
                .userAgent("weirlog-node")
                .executor(executor)
                .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                .keepAliveTime(KEEP_ALIVE_TIME.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                // Whether a call may be repeated is decided by its caller.
                .disableRetry()
                .build();
    }

    /// The next call tries at once to connect again, and does not wait for gRPC's own growing delay.
    public void retryNow(Endpoint node) {
        var channel = channels.get(node);
        if (channel != null) {
            channel.resetConnectBackoff();
        }
    }

    @Override
    public void close() {
        closed = true;
        channels.values().forEach(ManagedChannel::shutdownNow);
        long deadlineNanos = System.nanoTime() + CLOSE_WAIT_MAX.toNanos();
        try {
            for (var channel : channels.values()) {
                channel.awaitTermination(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
