package io.weirlog.server.request;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.server.config.NodeConfig;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connections of clients, bounded over the whole node and for each address: each costs a file and memory before it
/// has asked for anything.
///
/// Some of those refused at the same time stay for a moment, so that their calls can be told why: a client whose
/// connection just breaks knows nothing, and one that is sent away in HTTP/2's own words (GOAWAY) comes back at once,
/// again
/// and again. All are counted, and told of in the log once in a while. Thread-safe.
public final class ClientConnections implements ServerInterceptor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnections.class);
    private static final Duration QUIET = Duration.ofMinutes(1);
    /// Those that stay for a moment cost as much as others while they do.
    private static final int TOLD_MAX = 64;

    private final int connectionsMax;
    private final PeerShares addresses;
    private final MeterRegistry registry;
    private final AtomicInteger open = new AtomicInteger();
    /// Refused ones that are still there, and the limit that each of them is beyond.
    private final Map<SocketAddress, String> told = new ConcurrentHashMap<>();

    private final LogBudget budget = new LogBudget(1, QUIET);
    private final Counter refusedByNode;
    private final Counter refusedByAddress;
    private final List<Meter> meters = new ArrayList<>();

    public ClientConnections(NodeConfig.ClientLimits limits, MeterRegistry registry) {
        this.connectionsMax = limits.connectionsMax();
        this.addresses = new PeerShares(limits.connectionsPerAddressMax());
        this.registry = registry;
        meters.add(Gauge.builder("weirlog.connections.open", open, AtomicInteger::get)
                .description("Connections of clients that are open")
                .register(registry));
        this.refusedByNode = refused("node");
        this.refusedByAddress = refused("address");
    }

    private Counter refused(String limit) {
        var counter = Counter.builder("weirlog.connections.refused")
                .description("Connections refused since the node, or their address, had as many as it may")
                .tag("limit", limit)
                .register(registry);
        meters.add(counter);
        return counter;
    }

    /// What becomes of a connection.
    public sealed interface Entry {
        /// @param leave to be run once, when the connection has ended
        record Open(Runnable leave) implements Entry {}

        /// It is to be closed in a moment. Until then its calls are refused.
        ///
        /// @param leave as above
        record Refused(Runnable leave) implements Entry {}

        /// It is to be closed at once.
        record Closed() implements Entry {}
    }

    public Entry tryEnter(Optional<SocketAddress> peer) {
        if (!addresses.tryTake(peer, 1)) {
            return refuse(peer, refusedByAddress, "connections from one address (client.max.connections.per.address)");
        }
        if (open.incrementAndGet() > connectionsMax) {
            open.decrementAndGet();
            addresses.giveBack(peer, 1);
            return refuse(peer, refusedByNode, "connections (client.max.connections)");
        }
        return new Entry.Open(() -> {
            open.decrementAndGet();
            addresses.giveBack(peer, 1);
        });
    }

    private Entry refuse(Optional<SocketAddress> peer, Counter counter, String limit) {
        counter.increment();
        var leftOut = budget.take(System.nanoTime());
        if (leftOut.isPresent()) {
            LOG.warn(
                    "a connection of {} was refused: the broker is at its limit of {}; {} more were refused since the"
                            + " last time that this was told, and the next ones are not told of for {} s",
                    host(peer),
                    limit,
                    leftOut.getAsLong(),
                    QUIET.toSeconds());
        }
        if (peer.isEmpty() || told.size() >= TOLD_MAX) {
            return new Entry.Closed();
        }
        told.put(peer.get(), limit);
        return new Entry.Refused(() -> told.remove(peer.get()));
    }

    /// Refuses the calls of connections that are to be closed.
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (!told.isEmpty()) {
            var peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            var limit = peer == null ? null : told.get(peer);
            if (limit != null) {
                return RequestWatch.refuse(call, limit);
            }
        }
        return next.startCall(call, headers);
    }

    private static String host(Optional<SocketAddress> peer) {
        return peer.map(known -> known instanceof InetSocketAddress socket
                        ? socket.getAddress().getHostAddress()
                        : known.toString())
                .orElse("a local peer");
    }

    @Override
    public void close() {
        meters.forEach(registry::remove);
    }
}
