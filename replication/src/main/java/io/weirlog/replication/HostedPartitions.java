package io.weirlog.replication;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/// The partitions of a broker, and the threads that own them. For any thread, but that partitions are added and removed
/// by one.
final class HostedPartitions {
    private final List<Shard> shards = new ArrayList<>();
    private final Map<TopicPartition, PartitionHost> hosts = new ConcurrentHashMap<>();
    private volatile boolean closing;

    /// @param onDeath told if an owner ends by an error, after which its partitions answer nobody
    HostedPartitions(PartitionsConfig config, ReplicationClock clock, Consumer<Throwable> onDeath) {
        for (var number = 0; number < config.shards(); number++) {
            shards.add(new Shard(number, config.shardInboxAppendsMax(), clock, onDeath));
        }
    }

    // Which there are.

    Optional<PartitionHost> find(TopicPartition id) {
        return Optional.ofNullable(hosts.get(id));
    }

    /// All there are, at any time.
    Collection<PartitionHost> all() {
        return hosts.values();
    }

    Set<TopicPartition> ids() {
        return hosts.keySet();
    }

    Set<TopicId> topics() {
        return hosts.keySet().stream().map(TopicPartition::topicId).collect(Collectors.toSet());
    }

    /// The owner of a partition, hosted or not.
    Shard shardOf(TopicPartition id) {
        return shards.get(Math.floorMod(id.hashCode(), shards.size()));
    }

    void add(PartitionHost host) {
        hosts.put(host.assignment().id(), host);
    }

    Optional<PartitionHost> remove(TopicPartition id) {
        return Optional.ofNullable(hosts.remove(id));
    }

    void clear() {
        hosts.clear();
    }

    /// Completes once these partitions are open and have taken the roles of the assignments so far, or have failed
    /// to.
    CompletableFuture<Void> settled(Collection<TopicPartition> ids) {
        return CompletableFuture.allOf(ids.stream()
                .map(hosts::get)
                .filter(host -> host != null)
                .map(PartitionHost::settled)
                .toArray(CompletableFuture<?>[]::new));
    }

    // What their owners do.

    /// Hands the task to the owner of each partition, until all is being closed.
    void tellAll(Consumer<PartitionHost> task) {
        for (var host : hosts.values()) {
            if (!closing) {
                host.shard().executeFor(host, () -> task.accept(host));
            }
        }
    }

    /// The time is that of the tick's turn: a role that began while it waited has a later one.
    void tick(LongSupplier nowMillis) {
        for (var shard : shards) {
            if (!closing) {
                shard.execute(() -> tick(shard, nowMillis.getAsLong()));
            }
        }
    }

    /// By the owner.
    private void tick(Shard shard, long nowMillis) {
        hosts.values().stream().filter(host -> host.shard().equals(shard)).forEach(host -> host.tick(nowMillis));
    }

    // The end.

    boolean isClosing() {
        return closing;
    }

    /// Nothing new is begun from now on.
    void startClosing() {
        closing = true;
    }

    /// Completes once no append waits for an acknowledgement.
    CompletableFuture<Void> quiet() {
        var signals = new ArrayList<CompletableFuture<Void>>();
        for (var host : hosts.values()) {
            var signal = new CompletableFuture<Void>();
            signals.add(signal);
            host.shard().execute(() -> host.whenQuiet(signal));
        }
        return CompletableFuture.allOf(signals.toArray(CompletableFuture<?>[]::new));
    }

    /// Lets the owners finish what they have and waits for their end.
    void closeOwners() {
        shards.forEach(Shard::close);
    }
}
