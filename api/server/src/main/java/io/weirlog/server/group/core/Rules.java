package io.weirlog.server.group.core;

import io.weirlog.common.TopicPartition;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;

/// The small decisions that the promises about groups hang on. One place for them, so that tests can put known bugs
/// back
/// one at a time and see that the simulator finds them.
class Rules {
    /// G1: what a member has still to let go of: what is taken from it now, and what was before and is not
    /// acknowledged,
    /// whatever the targets were in between (KAFKA-16147).
    NavigableMap<TopicPartition, Integer> stillRevoking(
            NavigableMap<TopicPartition, Integer> before, NavigableMap<TopicPartition, Integer> now) {
        var all = new TreeMap<>(before);
        all.putAll(now);
        return all;
    }

    /// G1: a heartbeat acknowledges revocations only if the member knew of them when it sent it. One that was under way
    /// for long may lack a partition because the member had not got it yet.
    boolean acknowledges(CurrentAssignment current, int memberEpoch) {
        return memberEpoch == current.epoch();
    }

    /// G3: the member owned the partition in the epoch that it commits in, and has owned it ever since.
    boolean mayCommit(CurrentAssignment current, TopicPartition partition, int memberEpoch) {
        return current.ownsSince(partition, memberEpoch);
    }

    /// G1, G3: a new life of a member starts a new epoch, so that the one before is fenced.
    CurrentAssignment rejoined(CurrentAssignment former, int newEpoch) {
        return former.rejoined(newEpoch);
    }

    /// G3: above all epochs of the group and of the members that go, so that no member's epoch repeats.
    int nextGroupEpoch(int groupEpoch, int formerMemberEpoch) {
        return Math.incrementExact(Math.max(groupEpoch, formerMemberEpoch));
    }

    /// G3: as long as somebody is there to read on, nothing expires, not even while nobody reads (KAFKA-13636).
    boolean mayExpire(Group group) {
        return group.members().isEmpty();
    }

    /// M3: topics that are older than what the records know say nothing about what is gone.
    boolean mayBelieve(Topics topics, long metadataIndexKnown) {
        return topics.metadataIndex() >= metadataIndexKnown;
    }

    /// G4: who is silent for longer than it said it would be, is gone.
    boolean isSilentTooLong(long silentMillis, MemberTerms terms) {
        return silentMillis >= terms.sessionMillis();
    }

    /// G4: who keeps what others wait for, is gone.
    boolean isRevokingTooLong(long revokingMillis, MemberTerms terms) {
        return revokingMillis >= terms.rebalanceMillis();
    }

    /// What of a revocation a heartbeat leaves to be acknowledged: what the member says that it still owns.
    NavigableMap<TopicPartition, Integer> leftToRevoke(CurrentAssignment current, NavigableSet<TopicPartition> owned) {
        var left = new TreeMap<>(current.revoking());
        left.keySet().retainAll(owned);
        return left;
    }
}
