package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.PartitionImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What happens to partitions when brokers come and go.
final class PartitionRules {
    private PartitionRules() {}

    /// The changes to the partitions of `broker` once its registration is part of `state`.
    ///
    /// A broker that starts anew may have lost what it had not flushed. So it leaves every in-sync set that has
    /// others (R10), and where it led it needs a new leader epoch even if it leads again: its former life may
    /// have handed out records of the old epoch that it no longer has (R1).
    static List<MetadataEvent> afterRegistration(MetadataState state, BrokerId broker, boolean newLife) {
        var changes = new ArrayList<MetadataEvent>();
        for (var topic : state.topics().byNames()) {
            for (var partition : topic.partitions()) {
                if (partition.replicas().contains(broker)) {
                    changed(state, partition, broker, newLife)
                            .map(after -> new MetadataEvent.PartitionChanged(topic.id(), topic.name(), after))
                            .ifPresent(changes::add);
                }
            }
        }
        return changes;
    }

    private static Optional<PartitionImage> changed(
            MetadataState state, PartitionImage before, BrokerId broker, boolean newLife) {
        var inSync = before.inSyncReplicas();
        if (newLife && inSync.size() > 1 && inSync.contains(broker)) {
            inSync = inSync.stream().filter(replica -> !replica.equals(broker)).toList();
        }
        boolean wasLeader = before.leader().filter(broker::equals).isPresent();
        boolean keepsLeader = before.leader().filter(state::isLive).isPresent() && !(wasLeader && newLife);
        var leader = keepsLeader ? before.leader() : LeaderChooser.choose(before.replicas(), inSync, state::isLive);
        boolean elected = (wasLeader && newLife) || !leader.equals(before.leader());
        if (!elected && inSync.equals(before.inSyncReplicas())) {
            return Optional.empty();
        }
        return Optional.of(new PartitionImage(
                before.partition(),
                before.replicas(),
                inSync,
                leader,
                elected ? before.leaderEpoch().next() : before.leaderEpoch(),
                Math.incrementExact(before.partitionEpoch()),
                before.eligibleLeaderReplicas()));
    }
}
