package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import java.util.ArrayList;
import java.util.List;

/// What happens to partitions when brokers come and go.
final class PartitionRules {
    private PartitionRules() {}

    /// The changes to the partitions of `broker` once its own change of standing is part of `state`.
    static List<MetadataEvent> afterChange(MetadataState state, BrokerId broker, ElectionReason reason) {
        return changes(state, broker, reason, Losses.NONE);
    }

    /// The changes to the partitions of `broker` once the registration of its new life is part of `state`.
    ///
    /// Where it led it needs a new leader epoch even if it leads again: its former life may have handed out
    /// records of the old epoch that it no longer has (R1). Unless that life ended cleanly, it may also have
    /// lost what it had acknowledged, so it leaves every in-sync and eligible set of which another can lead
    /// (R10). If its disks were wiped it leaves them all: nobody leads then where it was the last, unless
    /// somebody asks for an unclean election.
    static List<MetadataEvent> afterNewLife(MetadataState state, BrokerId broker, FormerEnd end) {
        return changes(state, broker, ElectionReason.NEW_LIFE, Losses.ofNewLife(broker, end));
    }

    private static List<MetadataEvent> changes(
            MetadataState state, BrokerId broker, ElectionReason reason, Losses losses) {
        var changes = new ArrayList<MetadataEvent>();
        for (var topic : state.topics().byNames()) {
            var change = new PartitionChange(state, topic, reason, losses);
            for (var partition : topic.partitions()) {
                if (partition.replicas().contains(broker)) {
                    change.of(partition).ifPresent(changes::add);
                }
            }
        }
        return changes;
    }
}
