package io.weirlog.server.group.core;

import io.weirlog.common.Invariant;
import io.weirlog.common.TopicPartition;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;

/// What a member may own. The numbers are the member epochs in which the partitions became the member's: a commit of an
/// earlier epoch is about a former ownership (G3).
///
/// @param epoch rises with every change of `assigned`, so that a heartbeat tells by it which assignment it knows
/// @param joinEpoch in which this life of the member began: earlier epochs are fenced
/// @param assigned what it may own
/// @param revoking what it may own no longer, until it says that it does not: nobody else gets it before (G1)
public record CurrentAssignment(
        int epoch,
        int joinEpoch,
        NavigableMap<TopicPartition, Integer> assigned,
        NavigableMap<TopicPartition, Integer> revoking) {
    public CurrentAssignment {
        Invariant.check(joinEpoch >= 0, "negative member epoch %s", joinEpoch);
        Invariant.check(joinEpoch <= epoch, "member epoch %s before its life began in %s", epoch, joinEpoch);
        assigned = Collections.unmodifiableNavigableMap(new TreeMap<>(assigned));
        revoking = Collections.unmodifiableNavigableMap(new TreeMap<>(revoking));
    }

    /// The member as it joins, with nothing.
    static CurrentAssignment joined(int epoch) {
        return new CurrentAssignment(epoch, epoch, new TreeMap<>(), new TreeMap<>());
    }

    /// The same partitions for a new life of the member: what the life before knows of them counts no more.
    CurrentAssignment rejoined(int newEpoch) {
        return new CurrentAssignment(newEpoch, newEpoch, since(assigned, newEpoch), since(revoking, newEpoch));
    }

    CurrentAssignment withRevoking(NavigableMap<TopicPartition, Integer> left) {
        return new CurrentAssignment(epoch, joinEpoch, assigned, left);
    }

    /// Whether a message that names this epoch comes from this life of the member.
    boolean isOfThisLife(int memberEpoch) {
        return memberEpoch >= joinEpoch && memberEpoch <= epoch;
    }

    /// Whether the member owned the partition in that epoch, and has owned it ever since.
    boolean ownsSince(TopicPartition partition, int memberEpoch) {
        var since = assigned.containsKey(partition) ? assigned.get(partition) : revoking.get(partition);
        return since != null && since <= memberEpoch && isOfThisLife(memberEpoch);
    }

    private static NavigableMap<TopicPartition, Integer> since(
            NavigableMap<TopicPartition, Integer> partitions, int epoch) {
        var all = new TreeMap<TopicPartition, Integer>();
        partitions.keySet().forEach(partition -> all.put(partition, epoch));
        return all;
    }
}
