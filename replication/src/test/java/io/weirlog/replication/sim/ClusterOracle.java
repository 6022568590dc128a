package io.weirlog.replication.sim;

import com.google.errorprone.annotations.FormatMethod;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.replication.core.DeletionVerdict;
import io.weirlog.replication.sim.LogContent.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Knows what was ever committed, and checks all that the cluster does against it. The names are those of the
/// invariants.
final class ClusterOracle {
    private final ClusterSim cluster;
    private final List<Truth> truths = new ArrayList<>();
    /// Up to where a replica's content has been compared.
    private final Map<SimReplica, Long> compared = new HashMap<>();

    /// What is true of one partition.
    private static final class Truth {
        final ArrayList<Entry> committed = new ArrayList<>();
        final Map<Integer, String> leaders = new HashMap<>();
        /// By value, the offset that was told.
        final TreeMap<Long, Long> acknowledged = new TreeMap<>();
        /// Of the last unclean election: what older leaders say does not count any more.
        int uncleanEpoch = -1;
        boolean uncleanTakenOver = true;
        long deletedUpTo;
    }

    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message);
        }
    }

    ClusterOracle(ClusterSim cluster) {
        this.cluster = cluster;
        for (var i = 0; i < cluster.plan.partitions(); i++) {
            truths.add(new Truth());
        }
    }

    @FormatMethod
    private static void check(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new Violation(message.formatted(arguments));
        }
    }

    int committedEnd(int partition) {
        return truths.get(partition).committed.size();
    }

    int uncleanEpoch(int partition) {
        return truths.get(partition).uncleanEpoch;
    }

    /// A deletion that a crash cuts short nobody is told of, but it holds once the log begins where it was asked to.
    void opened(SimReplica replica) {
        compared.put(replica, 0L);
        deleted(replica.partition, replica.log.logStartOffset().value());
        checkInSync(replica.partition);
    }

    void gone(SimReplica replica) {
        compared.remove(replica);
    }

    void cut(SimReplica replica) {
        compared.merge(replica, replica.log.logEndOffset().value(), Math::min);
    }

    void uncleanElection(int partition, LeaderEpoch epoch) {
        cluster.world.count("unclean election");
        var truth = truths.get(partition);
        truth.uncleanEpoch = epoch.value();
        truth.uncleanTakenOver = false;
    }

    void leads(SimReplica replica, LeaderEpoch epoch) {
        var truth = truths.get(replica.partition);
        var name = replica + " in epoch " + replica.node.epoch();
        var other = truth.leaders.putIfAbsent(epoch.value(), name);
        check(other == null || other.equals(name), "R3: %s and %s lead in epoch %s", other, name, epoch);
        if (!truth.uncleanTakenOver && epoch.value() >= truth.uncleanEpoch) {
            truth.uncleanTakenOver = true;
            var agreed = commonPrefix(replica, truth);
            while (truth.committed.size() > agreed) {
                truth.committed.removeLast();
            }
            // What its log no longer has may never have been committed to anybody else, or may have been another
            // record: its line is not the one that was committed so far. The batch that its log begins in goes to
            // followers as a whole, and replicas of its line may still have those before.
            var start = Math.toIntExact(replica.log.logStartOffset().value());
            Collections.fill(truth.committed.subList(0, Math.min(start, truth.committed.size())), Entry.UNKNOWN);
            while (truth.committed.size() < start) {
                truth.committed.add(Entry.UNKNOWN);
            }
            truth.acknowledged.values().removeIf(offset -> offset >= agreed);
            compared.replaceAll((each, upTo) -> each.partition == replica.partition ? Math.min(upTo, agreed) : upTo);
        }
        // Who learns of an election late may have missed what the leaders after that have committed.
        if (!cluster.latestPartition(replica.partition).leaderEpoch().isAfter(epoch)) {
            checkComplete(replica, truth, "is elected");
        }
    }

    /// A new leader takes over a watermark.
    void startsAt(SimReplica replica, Offset end) {
        var truth = truths.get(replica.partition);
        check(
                end.value() <= truth.committed.size() || truth.uncleanEpoch >= 0,
                "R7: %s starts with watermark %s, committed were %s",
                replica,
                end,
                truth.committed.size());
        // After an unclean election, what its leader knows to be committed is so again.
        leaderWatermark(replica, end);
    }

    private static long commonPrefix(SimReplica replica, Truth truth) {
        var agreed = new long[] {replica.log.logStartOffset().value()};
        forEach(replica, agreed[0], truth.committed.size(), (offset, entry) -> {
            if (offset == agreed[0] && truth.committed.get((int) offset).agreesWith(entry)) {
                agreed[0]++;
            }
        });
        return Math.min(agreed[0], truth.committed.size());
    }

    private static void forEach(SimReplica replica, long from, long upTo, LogContent.Visitor visitor) {
        var faults = replica.node.disk.faults();
        faults.spare(true);
        try {
            var start = Math.max(from, replica.log.logStartOffset().value());
            LogContent.forEach(
                    replica.log,
                    start,
                    Math.min(upTo, replica.log.logEndOffset().value()),
                    visitor);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            faults.spare(false);
        }
    }

    private static boolean isOverruled(SimReplica replica, Truth truth) {
        return !truth.uncleanTakenOver || replica.roleEpoch().value() < truth.uncleanEpoch;
    }

    /// R2 for one replica that is to hold everything committed.
    private static void checkComplete(SimReplica replica, Truth truth, String why) {
        if (isOverruled(replica, truth) || truth.committed.isEmpty()) {
            return;
        }
        var end = replica.log.logEndOffset().value();
        check(
                end >= truth.committed.size(),
                "R2: %s %s but ends at %s before %s",
                replica,
                why,
                end,
                truth.committed.size());
        forEach(
                replica,
                truth.committed.size() - 1L,
                truth.committed.size(),
                (offset, entry) -> check(
                        truth.committed.get((int) offset).agreesWith(entry),
                        "R2: %s %s but has %s at %s instead of %s",
                        replica,
                        why,
                        entry,
                        offset,
                        truth.committed.get((int) offset)));
    }

    void leaderWatermark(SimReplica replica, Offset end) {
        var truth = truths.get(replica.partition);
        if (isOverruled(replica, truth)) {
            return;
        }
        compare(replica, truth, Math.min(end.value(), truth.committed.size()));
        if (end.value() > truth.committed.size()) {
            forEach(replica, truth.committed.size(), end.value(), (offset, entry) -> {
                check(offset == truth.committed.size(), "R1: a gap at %s", truth.committed.size());
                truth.committed.add(entry);
            });
            check(truth.committed.size() == end.value(), "R7: %s announces %s without records", replica, end);
            compared.put(replica, end.value());
            checkInSync(replica.partition);
        }
    }

    /// R2 for all that could be elected cleanly.
    void checkInSync(int partition) {
        var truth = truths.get(partition);
        var state = cluster.metadata.latest();
        var image = cluster.latestPartition(partition);
        for (var id : image.replicas()) {
            var eligible = image.inSyncReplicas().contains(id)
                    || image.eligibleLeaderReplicas().contains(id);
            var broker = Optional.ofNullable(state.brokers().get(id));
            cluster.node(id.value()).replica(partition, replica -> {
                if (eligible && broker.isPresent() && broker.get().epoch().equals(replica.node.epoch())) {
                    checkComplete(replica, truth, "is in sync or eligible");
                }
            });
        }
    }

    void followerWatermark(SimReplica replica, Offset end) {
        var truth = truths.get(replica.partition);
        if (!isOverruled(replica, truth)) {
            check(
                    end.value() <= truth.committed.size() || truth.uncleanEpoch >= 0,
                    "R7: %s follows to watermark %s, nobody announced it",
                    replica,
                    end);
            check(
                    !end.isBefore(replica.log.logStartOffset()) && !end.isAfter(replica.log.logEndOffset()),
                    "R7: the watermark %s of %s is outside of its log",
                    end,
                    replica);
            // What an unclean election has given up a follower holds until divergence has been dealt with.
            if (truth.uncleanEpoch < 0 || replica.isFollowing()) {
                compare(replica, truth, Math.min(end.value(), truth.committed.size()));
            }
        }
    }

    /// R1.
    private void compare(SimReplica replica, Truth truth, long upTo) {
        var from = compared.getOrDefault(replica, 0L);
        if (upTo <= from) {
            return;
        }
        forEach(
                replica,
                from,
                upTo,
                (offset, entry) -> check(
                        truth.committed.get((int) offset).agreesWith(entry),
                        "R1: %s has %s at %s below its watermark, committed was %s",
                        replica,
                        entry,
                        offset,
                        truth.committed.get((int) offset)));
        compared.put(replica, upTo);
    }

    void acknowledged(SimReplica replica, SimClients.Batch batch, Offset base) {
        var truth = truths.get(replica.partition);
        if (isOverruled(replica, truth)) {
            return;
        }
        for (var i = 0; i < batch.records(); i++) {
            var offset = base.value() + i;
            var value = batch.firstValue() + i;
            check(
                    offset < truth.committed.size() && hasValue(truth.committed.get((int) offset), value),
                    "R7: %s acknowledges %s at %s, which is not committed there",
                    replica,
                    value,
                    offset);
            truth.acknowledged.put(value, offset);
        }
        cluster.world.count("batch acknowledged by all");
    }

    /// A leader says that a batch was appended long ago, before an offset.
    void acknowledgedOld(SimReplica replica, SimClients.Batch batch, Offset before) {
        var truth = truths.get(replica.partition);
        if (isOverruled(replica, truth)) {
            return;
        }
        for (var offset = 0L; offset < Math.min(before.value(), truth.committed.size()); offset++) {
            if (truth.committed.get((int) offset).value() == batch.firstValue()) {
                acknowledged(replica, batch, new Offset(offset));
                return;
            }
        }
        check(
                truth.committed.contains(Entry.UNKNOWN),
                "P1: %s says that %s is before %s, and it is not committed",
                replica,
                batch.firstValue(),
                before);
    }

    private static boolean hasValue(Entry entry, long value) {
        return entry.value() == value || entry.equals(Entry.UNKNOWN);
    }

    void consumed(SimReplica replica, long offset, Entry entry) {
        var truth = truths.get(replica.partition);
        if (!isOverruled(replica, truth)) {
            check(
                    offset < truth.committed.size()
                            && truth.committed.get((int) offset).agreesWith(entry),
                    "R7: %s shows a reader %s at %s, which is not committed",
                    replica,
                    entry,
                    offset);
        }
    }

    void consumerTruncated(SimReplica replica, long from, long to) {
        cluster.world.count("consumer told of a truncation");
        check(uncleanEpoch(replica.partition) >= 0, "R12: %s tells a reader at %s to go back to %s", replica, from, to);
    }

    void deleted(int partition, long upTo) {
        var truth = truths.get(partition);
        truth.deletedUpTo = Math.max(truth.deletedUpTo, upTo);
    }

    /// Nobody asks for more than readers can see.
    void deletionRefused(SimReplica replica, Optional<Offset> before, DeletionVerdict.BeyondHighWatermark refusal) {
        check(false, "T1: %s refuses to delete before %s: %s", replica, before, refusal);
    }

    // The end.

    /// Why the cluster is not at rest; empty if it is.
    Optional<String> unrest(int partition) {
        var image = cluster.latestPartition(partition);
        if (image.leader().isEmpty()) {
            return Optional.of("no leader of p" + partition + ": " + image);
        }
        if (image.reassignment().isPresent()) {
            return Optional.of("replicas are moving: " + image);
        }
        if (image.inSyncReplicas().size() < image.replicas().size()) {
            return Optional.of("not all are in sync: " + image);
        }
        var end = -1L;
        var leading = cluster.node(image.leader().get().value()).replicas.get(partition);
        for (var id : image.replicas()) {
            var replica = cluster.node(id.value()).replicas.get(partition);
            if (replica == null) {
                return Optional.of("no replica of p" + partition + " on " + id);
            }
            var leads = id.equals(image.leader().get());
            if (leads && (replica.leader == null || replica.leader.hasPendingIsr())) {
                return Optional.of(replica + " does not lead, or has a change pending");
            }
            if (!leads && !replica.isFollowing()) {
                return Optional.of(replica + " does not follow");
            }
            if (leading != null && replica.log.logStartOffset().isBefore(leading.log.logStartOffset())) {
                return Optional.of(replica + " still has what was deleted: it begins at " + replica.log.logStartOffset()
                        + ", its leader at " + leading.log.logStartOffset());
            }
            end = end < 0 ? replica.log.logEndOffset().value() : end;
            if (replica.log.logEndOffset().value() != end
                    || replica.highWatermark().value() != end) {
                return Optional.of(replica + " ends at " + replica.log.logEndOffset() + " with watermark "
                        + replica.highWatermark() + ", another at " + end);
            }
        }
        return Optional.empty();
    }

    /// All replicas hold the same, and all that was acknowledged.
    void checkEnd(int partition) {
        var truth = truths.get(partition);
        var image = cluster.latestPartition(partition);
        for (var id : image.replicas()) {
            var replica = Optional.ofNullable(cluster.node(id.value()).replicas.get(partition))
                    .orElseThrow();
            compared.put(replica, 0L);
            check(
                    truth.committed.size() == replica.log.logEndOffset().value(),
                    "R1: %s ends at %s, committed are %s",
                    replica,
                    replica.log.logEndOffset(),
                    truth.committed.size());
            compare(replica, truth, truth.committed.size());
        }
        truth.acknowledged.forEach((value, offset) -> check(
                hasValue(truth.committed.get(Math.toIntExact(offset)), value),
                "lost: %s was acknowledged at %s, there is %s",
                value,
                offset,
                truth.committed.get(Math.toIntExact(offset))));
        checkOrder(truth, cluster.clients.idempotentValues(partition));
    }

    private static void checkOrder(Truth truth, Map<Long, Long> producerOfValue) {
        var seen = new HashSet<Long>();
        var lastOf = new HashMap<Long, Long>();
        // A producer of which nothing is left in the log is not known any more.
        var from = Math.min(Math.toIntExact(truth.deletedUpTo), truth.committed.size());
        for (var entry : truth.committed.subList(from, truth.committed.size())) {
            var producer = producerOfValue.get(entry.value());
            if (producer != null) {
                check(seen.add(entry.value()), "P1: %s is there twice", entry.value());
                var last = lastOf.put(producer, entry.value());
                check(last == null || last < entry.value(), "P1: %s comes after %s", entry.value(), last);
            }
        }
    }
}
