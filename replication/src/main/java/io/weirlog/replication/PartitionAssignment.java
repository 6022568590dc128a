package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import java.util.List;
import java.util.Optional;

/// What the metadata say of a partition that this broker hosts: all that replication ever learns of them.
public record PartitionAssignment(
        TopicPartition id,
        String topic,
        List<BrokerId> replicas,
        Optional<BrokerId> leader,
        LeaderEpoch leaderEpoch,
        LogConfig logConfig) {
    public PartitionAssignment {
        replicas = List.copyOf(replicas);
    }

    /// The directory's name, and the name by which people know it: `orders-3`.
    public String displayName() {
        return topic + "-" + id.partition();
    }
}
