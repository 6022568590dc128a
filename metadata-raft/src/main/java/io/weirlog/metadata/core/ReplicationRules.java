package io.weirlog.metadata.core;

import io.weirlog.common.Durability;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;

/// What a topic's configs say about its in-sync sets and elections.
///
/// @param minInSync as configured; a partition with fewer replicas needs all of them
/// @param unclean whether a replica that may lack acknowledged records may lead when no other can (R12)
/// @param survivesCrash whether a replica that is stopped uncleanly still has all that it acknowledged
record ReplicationRules(int minInSync, boolean unclean, boolean survivesCrash) {
    static ReplicationRules of(TopicImage topic) {
        var configs = TopicConfigs.effective(topic.configs());
        return new ReplicationRules(
                configs.intValue(TopicConfigs.MIN_INSYNC_REPLICAS),
                configs.booleanValue(TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE),
                configs.durability() == Durability.FSYNC);
    }

    /// How many in-sync replicas a partition needs to acknowledge records that wait for all. A reassignment
    /// that adds replicas does not raise it before they are in sync.
    int minInSync(PartitionImage partition) {
        return minInSync(partition.settledReplicas().size());
    }

    int minInSync(int replicationFactor) {
        return Math.min(minInSync, replicationFactor);
    }

    /// Whether the last replica with all acknowledged records stays the one to lead after an unclean stop: if
    /// it can have lost nothing, or if there is no other whose records could be kept.
    boolean forgivesLast(PartitionImage partition) {
        return survivesCrash || partition.settledReplicas().size() == 1;
    }
}
