package io.weirlog.cli;

import io.weirlog.client.BrokerDescription;
import io.weirlog.client.LocalReplicas;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.common.BrokerId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// How much there is of some partitions, as the brokers tell that have them. A broker that does not answer is left out.
final class MoveSizes {
    private final List<LocalReplicas> brokers;

    private MoveSizes(List<LocalReplicas> brokers) {
        this.brokers = brokers;
    }

    static MoveSizes ask(WeirlogClient client, Collection<PartitionRef> partitions) {
        var answers = new ArrayList<LocalReplicas>();
        for (BrokerDescription broker : client.admin().describeCluster().brokers()) {
            if (broker.fenced() || partitions.isEmpty()) {
                continue;
            }
            try {
                answers.add(client.reassignments().replicas(broker, partitions));
            } catch (WeirlogException e) {
                // It has gone since: what it has is told later.
            }
        }
        return new MoveSizes(answers);
    }

    /// Of the leader's replica; 0 if no leader is known.
    long bytes(PartitionRef partition) {
        return leading(partition).map(broker -> sizeBytes(broker, partition)).orElse(0L);
    }

    /// What these brokers still lack of the leader's log.
    long missingBytes(PartitionRef partition, List<BrokerId> adding) {
        long all = bytes(partition);
        return adding.stream()
                .mapToLong(broker -> Math.max(0, all - held(broker, partition)))
                .sum();
    }

    private long held(BrokerId id, PartitionRef partition) {
        return brokers.stream()
                .filter(broker -> broker.broker().equals(id))
                .mapToLong(broker -> sizeBytes(broker, partition))
                .sum();
    }

    private static long sizeBytes(LocalReplicas broker, PartitionRef partition) {
        var replica = broker.replicas().get(partition);
        return replica == null ? 0 : replica.sizeBytes();
    }

    private Optional<LocalReplicas> leading(PartitionRef partition) {
        return brokers.stream()
                .filter(broker -> {
                    var replica = broker.replicas().get(partition);
                    return replica != null && replica.leading();
                })
                .findFirst();
    }

    /// How long it takes to copy so much if each leader sends what it may; empty if some leader sends what it can.
    Optional<Duration> time(Map<PartitionRef, Long> bytesToCopy) {
        var byLeader = new HashMap<BrokerId, Long>();
        var rates = new HashMap<BrokerId, OptionalLong>();
        bytesToCopy.forEach((partition, bytes) -> leading(partition).ifPresent(leader -> {
            byLeader.merge(leader.broker(), bytes, Long::sum);
            rates.put(leader.broker(), leader.reassignmentBytesPerSecond());
        }));
        double seconds = 0;
        for (var leader : byLeader.entrySet()) {
            var rate = rates.getOrDefault(leader.getKey(), OptionalLong.empty());
            if (rate.isEmpty() && leader.getValue() > 0) {
                return Optional.empty();
            }
            seconds = Math.max(seconds, leader.getValue() / (double) Math.max(1, rate.orElse(1)));
        }
        return Optional.of(Duration.ofMillis((long) (seconds * 1_000)));
    }
}
