package io.weirlog.server.produce;

import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.wire.Framed;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The ways on which one writer's appends travel: into this broker's own partitions, and over one stream to each other
/// leader. Thread-safe.
final class AppendPaths implements AppendLane.Ways, AutoCloseable {
    private final LocalAppends local;
    private final Means means;
    private final RelayedRpc rpc;
    private final String clientId;
    /// In which streams are opened: they end with it.
    private final Context context;

    private final Map<BrokerId, ProduceLink> links = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /// What all writers' ways have in common.
    record Means(
            Relay relay,
            TopicLookup topics,
            ReplicationClock clock,
            MethodDescriptor<Framed<ProduceRequest>, ProduceResponse> produce) {}

    /// @param rpc what the appends count as
    /// @param clientId what the writer calls itself
    AppendPaths(LocalAppends local, Means means, RelayedRpc rpc, String clientId, Context context) {
        this.local = local;
        this.means = means;
        this.rpc = rpc;
        this.clientId = clientId;
        this.context = context;
    }

    @Override
    public long nanoTime() {
        return means.clock().nanoTime();
    }

    @Override
    public void schedule(Runnable task, long delayNanos) {
        var _ = means.relay().timers().schedule(task, delayNanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public Optional<BrokerId> leaderElsewhere(TopicPartition id) {
        return means.topics().ledElsewhere(id);
    }

    @Override
    public void send(PartitionAppend append, Optional<BrokerId> to, Consumer<AppendResult> results) {
        if (to.isEmpty()) {
            local.append(append, append.batch().share(), results);
        } else {
            link(to.get()).append(append, results);
        }
    }

    private ProduceLink link(BrokerId leader) {
        while (true) {
            var link = links.computeIfAbsent(leader, _ -> new ProduceLink(means, leader, rpc, clientId));
            if (link.open(context) || closed) {
                return link;
            }
            links.remove(leader, link);
        }
    }

    @Override
    public void close() {
        closed = true;
        links.values().forEach(ProduceLink::close);
    }
}
