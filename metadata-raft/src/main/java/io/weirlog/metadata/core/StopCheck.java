package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.PartitionImage;
import java.util.ArrayList;
import java.util.List;

/// Whether a broker can be stopped now, and what stands against it. Other brokers that are draining count as
/// stopped: of two that are asked about in turn and then both stopped, the second is told the truth.
///
/// @param unavailable the partitions that nobody could lead
/// @param underMinInSync the other partitions that could not acknowledge records to those that wait for all
public record StopCheck(List<TopicPartition> unavailable, List<TopicPartition> underMinInSync) {
    public StopCheck {
        unavailable = List.copyOf(unavailable);
        underMinInSync = List.copyOf(underMinInSync);
    }

    public boolean isSafe() {
        return unavailable.isEmpty() && underMinInSync.isEmpty();
    }

    /// Partitions in the order of their topics' names. Nothing stands against a broker that is out of service.
    public static StopCheck of(MetadataState state, BrokerId broker) {
        var unavailable = new ArrayList<TopicPartition>();
        var underMinInSync = new ArrayList<TopicPartition>();
        if (!state.isLive(broker)) {
            return new StopCheck(unavailable, underMinInSync);
        }
        for (var topic : state.topics().byNames()) {
            var rules = ReplicationRules.of(topic);
            for (var partition : topic.partitions()) {
                if (!partition.inSyncReplicas().contains(broker)) {
                    continue;
                }
                var id = new TopicPartition(topic.id(), partition.partition());
                if (serving(state, partition.inSyncReplicas(), broker) >= rules.minInSync(partition)) {
                    continue;
                }
                (canBeLed(state, partition, broker) ? underMinInSync : unavailable).add(id);
            }
        }
        return new StopCheck(unavailable, underMinInSync);
    }

    private static boolean canBeLed(MetadataState state, PartitionImage partition, BrokerId without) {
        return serving(state, partition.inSyncReplicas(), without) > 0
                || serving(state, partition.eligibleLeaderReplicas(), without) > 0;
    }

    private static long serving(MetadataState state, List<BrokerId> replicas, BrokerId without) {
        return replicas.stream()
                .filter(replica -> !replica.equals(without))
                .filter(state::isServing)
                .count();
    }
}
