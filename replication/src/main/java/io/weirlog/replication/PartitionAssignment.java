package io.weirlog.replication;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import io.weirlog.replication.core.PartitionMetadata;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the metadata say of a partition that this broker hosts: all that replication ever learns of them.
///
/// @param adding replicas that a reassignment adds
public record PartitionAssignment(
        TopicPartition id,
        String topic,
        Optional<BrokerId> leader,
        PartitionMetadata metadata,
        Set<BrokerId> adding,
        LogConfig logConfig) {
    public PartitionAssignment {
        adding = Set.copyOf(adding);
    }

    /// A partition that stays where it is.
    public PartitionAssignment(
            TopicPartition id,
            String topic,
            Optional<BrokerId> leader,
            PartitionMetadata metadata,
            LogConfig logConfig) {
        this(id, topic, leader, metadata, Set.of(), logConfig);
    }

    /// A new partition that has its leader for its only replica.
    public static PartitionAssignment alone(TopicPartition id, String topic, BrokerId leader, LogConfig logConfig) {
        var replicas = List.of(leader);
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(0), true);
        var metadata = new PartitionMetadata(new LeaderEpoch(0), 0, replicas, replicas, 1, Map.of(leader, standing));
        return new PartitionAssignment(id, topic, Optional.of(leader), metadata, logConfig);
    }

    public LeaderEpoch leaderEpoch() {
        return metadata.leaderEpoch();
    }

    public boolean isLedBy(BrokerId broker) {
        return leader.equals(Optional.of(broker));
    }

    /// Whether a replica is being added and nobody counts on it yet.
    boolean isOnlyAdded(BrokerId replica) {
        return adding.contains(replica) && !metadata.inSync().contains(replica);
    }

    /// Whether nothing has ever happened to the partition, so that it has no records anywhere.
    boolean isNew() {
        return metadata.partitionEpoch() == 0 && metadata.leaderEpoch().value() == 0;
    }

    /// The directory's name, and the name by which people know it: `orders-3`.
    public String displayName() {
        return topic + "-" + id.partition();
    }
}
