package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Works out a partition's in-sync set, eligible replicas and leader after something about its replicas has
/// changed. The one place where leaders are chosen.
///
/// | who is live                           | in-sync set                  | eligible        | leader           |
/// |---------------------------------------|------------------------------|-----------------|------------------|
/// | some in-sync replica                  | the live ones                | see below       | one of them      |
/// | none of them, but an eligible one     | that one                     | see below       | that one         |
/// | other replicas only, unclean allowed  | the first of those           | none            | that one         |
/// | other replicas only, or none          | the last that were in sync   | see below       | nobody           |
///
/// Complete replicas hold all that was acknowledged: those in sync and those eligible. While the in-sync set is
/// at least the configured minimum, nobody else is eligible; below it nothing more is acknowledged to those
/// that wait for all, so every complete replica outside the set stays eligible (R11, KIP-966).
final class PartitionChange {
    private final MetadataState state;
    private final TopicImage topic;
    private final ReplicationRules rules;
    private final ElectionReason reason;
    /// May have lost acknowledged records by an unclean stop (R10).
    private final Set<BrokerId> lossy;
    /// Must not go on leading in the same epoch (R1).
    private final Set<BrokerId> renewed;

    private record Outcome(List<BrokerId> inSync, List<BrokerId> eligible, Optional<BrokerId> leader, boolean clean) {}

    PartitionChange(
            MetadataState state, TopicImage topic, ElectionReason reason, Set<BrokerId> lossy, Set<BrokerId> renewed) {
        this.state = state;
        this.topic = topic;
        this.rules = ReplicationRules.of(topic);
        this.reason = reason;
        this.lossy = lossy;
        this.renewed = renewed;
    }

    /// The partition's change as `state` now is; empty if nothing changes.
    Optional<MetadataEvent.PartitionChanged> of(PartitionImage before) {
        return of(before, before.inSyncReplicas());
    }

    /// The same with `wanted` as the in-sync set asked for: replicas of the partition.
    Optional<MetadataEvent.PartitionChanged> of(PartitionImage before, List<BrokerId> wanted) {
        var after = outcome(before, wanted);
        boolean elected = !after.leader().equals(before.leader())
                || before.leader().filter(renewed::contains).isPresent();
        if (!elected
                && after.inSync().equals(before.inSyncReplicas())
                && after.eligible().equals(before.eligibleLeaderReplicas())) {
            return Optional.empty();
        }
        var image = new PartitionImage(
                before.partition(),
                before.replicas(),
                after.inSync(),
                after.leader(),
                elected ? before.leaderEpoch().next() : before.leaderEpoch(),
                Math.incrementExact(before.partitionEpoch()),
                after.eligible());
        var election = elected ? Optional.of(new Election(reason, after.clean())) : Optional.<Election>empty();
        return Optional.of(new MetadataEvent.PartitionChanged(topic.id(), topic.name(), image, election));
    }

    private Outcome outcome(PartitionImage before, List<BrokerId> wanted) {
        var complete = complete(before);
        var inSync = filter(before, replica -> wanted.contains(replica) && mayStay(before, replica, complete));
        var live = inSync.stream().filter(state::isLive).toList();
        if (!live.isEmpty()) {
            var current = before.leader().filter(live::contains).filter(leader -> !renewed.contains(leader));
            return outcome(before, live, complete, LeaderChooser.chooseInSync(state, live, current));
        }
        var eligible = LeaderChooser.choose(state, complete);
        if (eligible.isPresent()) {
            return outcome(before, List.of(eligible.get()), complete, eligible);
        }
        var unclean = rules.unclean() ? LeaderChooser.choose(state, before.replicas()) : Optional.<BrokerId>empty();
        if (unclean.isPresent()) {
            return new Outcome(List.of(unclean.get()), List.of(), unclean, false);
        }
        var last = inSync.isEmpty() ? complete.stream().limit(1).toList() : inSync;
        return outcome(before, last, complete, Optional.empty());
    }

    private Outcome outcome(
            PartitionImage before, List<BrokerId> inSync, List<BrokerId> complete, Optional<BrokerId> leader) {
        var eligible = inSync.size() >= rules.minInSync(before)
                ? List.<BrokerId>of()
                : complete.stream().filter(replica -> !inSync.contains(replica)).toList();
        return new Outcome(inSync, eligible, leader, true);
    }

    /// The replicas certain to hold all that was acknowledged.
    private List<BrokerId> complete(PartitionImage before) {
        var known = filter(
                before,
                replica -> before.inSyncReplicas().contains(replica)
                        || before.eligibleLeaderReplicas().contains(replica));
        var sound = known.stream().filter(replica -> !lossy.contains(replica)).toList();
        return sound.isEmpty() && rules.forgivesLast(before) ? known : sound;
    }

    /// A replica that joins is complete too: its leader says so, who knows.
    private static boolean mayStay(PartitionImage before, BrokerId replica, List<BrokerId> complete) {
        return complete.contains(replica) || !before.inSyncReplicas().contains(replica);
    }

    private static List<BrokerId> filter(PartitionImage before, Predicate<BrokerId> condition) {
        return before.replicas().stream().filter(condition).toList();
    }
}
