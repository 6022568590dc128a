package io.weirlog.replication.link;

import io.weirlog.common.BrokerId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/// The links to all brokers that lead what this one follows.
public final class LeaderLinks implements AutoCloseable {
    private final ReplicaTransport transport;
    private final LeaderLink.Timing timing;
    private final Executor executor;
    private final Map<BrokerId, LeaderLink> links = new ConcurrentHashMap<>();

    public LeaderLinks(ReplicaTransport transport, LeaderLink.Timing timing, Executor executor) {
        this.transport = transport;
        this.timing = timing;
        this.executor = executor;
    }

    public LeaderLink to(BrokerId leader) {
        return links.computeIfAbsent(leader, id -> new LeaderLink(id, transport, timing, executor));
    }

    /// To be called several times a second.
    ///
    /// @param nowMillis monotonic
    public void tick(long nowMillis) {
        links.values().forEach(link -> link.tick(nowMillis));
    }

    @Override
    public void close() {
        links.values().forEach(LeaderLink::close);
    }
}
