package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.Reassignment;
import io.weirlog.metadata.TopicImage;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// Works out a partition's in-sync set, eligible replicas and leader after something about its replicas has
/// changed. The one place where leaders are chosen.
///
/// | who is live                           | in-sync set                  | eligible        | leader           |
/// |---------------------------------------|------------------------------|-----------------|------------------|
/// | some in-sync replica                  | the live ones                | see below       | one of them      |
/// | none of them, but an eligible one     | that one                     | see below       | that one         |
/// | other settled replicas, unclean allowed | the first of those         | none            | that one         |
/// | other replicas only, or none          | the last that were in sync   | see below       | nobody           |
///
/// Complete replicas hold all that was acknowledged: those in sync and those eligible. While the in-sync set is
/// at least the configured minimum, nobody else is eligible; below it nothing more is acknowledged to those
/// that wait for all, so every complete replica outside the set stays eligible (R11, KIP-966).
///
/// A reassignment is through as soon as all of its targets are in sync (KIP-455): the other replicas are let go in
/// the same change, and if the leader is one of them, a target leads.
///
/// With every replica that is let go a new leader epoch begins, even if the leader goes on. That replica drops its log
/// when it hears of it, which may be after it has been added again and its acknowledgements have brought it into the
/// in-sync set. Acknowledgements count for one leader epoch, and whoever follows in the new one has heard (R2, R8).
final class PartitionChange {
    private final MetadataState state;
    private final TopicImage topic;
    private final ReplicationRules rules;
    private final ElectionReason reason;
    private final Losses losses;

    /// Where the replicas are.
    private record Layout(List<BrokerId> replicas, Optional<Reassignment> reassignment) {
        static Layout of(PartitionImage partition) {
            return new Layout(partition.replicas(), partition.reassignment());
        }

        /// A move to where the replicas are already is none.
        static Layout of(Reassignment reassignment) {
            return reassignment.original().equals(reassignment.target())
                    ? new Layout(reassignment.target(), Optional.empty())
                    : new Layout(reassignment.all(), Optional.of(reassignment));
        }

        List<BrokerId> settled() {
            return reassignment.map(Reassignment::original).orElse(replicas);
        }

        boolean isReachedBy(List<BrokerId> inSync) {
            return reassignment
                    .filter(move -> inSync.containsAll(move.target()))
                    .isPresent();
        }

        Layout completed() {
            return new Layout(reassignment.map(Reassignment::target).orElse(replicas), Optional.empty());
        }
    }

    private record Outcome(List<BrokerId> inSync, List<BrokerId> eligible, Optional<BrokerId> leader, boolean clean) {}

    PartitionChange(MetadataState state, TopicImage topic, ElectionReason reason, Losses losses) {
        this.state = state;
        this.topic = topic;
        this.rules = ReplicationRules.of(topic);
        this.reason = reason;
        this.losses = losses;
    }

    /// The partition's change as `state` now is; empty if nothing changes.
    Optional<MetadataEvent.PartitionChanged> of(PartitionImage before) {
        return of(before, before.inSyncReplicas());
    }

    /// The same with `wanted` as the in-sync set asked for: replicas of the partition.
    Optional<MetadataEvent.PartitionChanged> of(PartitionImage before, List<BrokerId> wanted) {
        return of(before, Layout.of(before), wanted);
    }

    /// The same with the replicas of a reassignment that begins, changes or is called off.
    Optional<MetadataEvent.PartitionChanged> of(PartitionImage before, Reassignment reassignment) {
        return of(before, Layout.of(reassignment), before.inSyncReplicas());
    }

    private Optional<MetadataEvent.PartitionChanged> of(PartitionImage before, Layout layout, List<BrokerId> wanted) {
        var moving = outcome(before, layout, wanted);
        boolean through = layout.isReachedBy(moving.inSync());
        var reached = through ? layout.completed() : layout;
        var after = through ? outcome(before, reached, moving.inSync()) : moving;
        boolean letGo = !reached.replicas().containsAll(before.replicas());
        boolean elected = !after.leader().equals(before.leader())
                || before.leader().filter(losses.renewed()::contains).isPresent()
                || (letGo && after.leader().isPresent());
        if (!elected
                && reached.equals(Layout.of(before))
                && after.inSync().equals(before.inSyncReplicas())
                && after.eligible().equals(before.eligibleLeaderReplicas())) {
            return Optional.empty();
        }
        var image = new PartitionImage(
                before.partition(),
                reached.replicas(),
                after.inSync(),
                after.leader(),
                elected ? before.leaderEpoch().next() : before.leaderEpoch(),
                Math.incrementExact(before.partitionEpoch()),
                after.eligible(),
                reached.reassignment());
        boolean clean = moving.clean() && after.clean();
        var election = elected
                ? Optional.of(new Election(letGo ? ElectionReason.REASSIGNED : reason, clean))
                : Optional.<Election>empty();
        return Optional.of(new MetadataEvent.PartitionChanged(topic.id(), topic.name(), image, election));
    }

    private Outcome outcome(PartitionImage before, Layout layout, List<BrokerId> wanted) {
        var complete = complete(before, layout);
        var inSync = filter(layout, replica -> wanted.contains(replica) && mayStay(before, replica, complete));
        var live = inSync.stream().filter(state::isLive).toList();
        if (!live.isEmpty()) {
            var current = before.leader()
                    .filter(live::contains)
                    .filter(leader -> !losses.renewed().contains(leader));
            return outcome(layout, live, complete, LeaderChooser.chooseInSync(state, live, current));
        }
        var eligible = LeaderChooser.choose(state, complete);
        if (eligible.isPresent()) {
            return outcome(layout, List.of(eligible.get()), complete, eligible);
        }
        var unclean = chooseUnclean(layout);
        if (unclean.isPresent()) {
            return new Outcome(List.of(unclean.get()), List.of(), unclean, false);
        }
        var last = inSync.isEmpty() ? complete.stream().limit(1).toList() : inSync;
        return outcome(layout, last, complete, Optional.empty());
    }

    private Outcome outcome(Layout layout, List<BrokerId> inSync, List<BrokerId> complete, Optional<BrokerId> leader) {
        var eligible = inSync.size() >= rules.minInSync(layout.settled().size())
                ? List.<BrokerId>of()
                : complete.stream().filter(replica -> !inSync.contains(replica)).toList();
        return new Outcome(inSync, eligible, leader, true);
    }

    /// A replica that is still being added may have no record at all: only who asks for a leader at any price gets
    /// that one.
    private Optional<BrokerId> chooseUnclean(Layout layout) {
        boolean atAnyPrice = reason == ElectionReason.UNCLEAN;
        var chosen = atAnyPrice || rules.unclean()
                ? LeaderChooser.choose(state, layout.settled())
                : Optional.<BrokerId>empty();
        return chosen.isEmpty() && atAnyPrice ? LeaderChooser.choose(state, layout.replicas()) : chosen;
    }

    /// The replicas certain to hold all that was acknowledged. One in doubt counts among them only while no other can
    /// lead, and only where it can have lost nothing that others have.
    private List<BrokerId> complete(PartitionImage before, Layout layout) {
        var known = filter(
                layout,
                replica -> !losses.logless().contains(replica)
                        && (before.inSyncReplicas().contains(replica)
                                || before.eligibleLeaderReplicas().contains(replica)));
        var sound = known.stream()
                .filter(replica -> !losses.doubtful().contains(replica))
                .toList();
        return rules.forgivesLast(before) && sound.stream().noneMatch(state::isLive) ? known : sound;
    }

    /// A replica that joins is complete too: its leader says so, who knows.
    private static boolean mayStay(PartitionImage before, BrokerId replica, List<BrokerId> complete) {
        return complete.contains(replica) || !before.inSyncReplicas().contains(replica);
    }

    private static List<BrokerId> filter(Layout layout, Predicate<BrokerId> condition) {
        return layout.replicas().stream().filter(condition).toList();
    }
}
