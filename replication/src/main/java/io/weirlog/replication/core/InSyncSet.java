package io.weirlog.replication.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.replication.core.IsrProposal.Member;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A leader's knowledge of its in-sync set: what the metadata say, and the one change that may be under way.
///
/// ```
/// state      event                           next       done
/// settled    propose                         asked      the proposal goes to the controller
/// asked      altered                         settled    the set is the one wanted
///            refused, the partition changed  overtaken  an earlier copy may be that change: metadata tell
///            refused for another reason      settled    nothing has changed; no new proposal before the next tick
///            unknown                         to repeat
/// to repeat  tick                            asked      the very same proposal again (R9, KAFKA-14144)
/// any        metadata of a later change      settled    the set is the one that they say
/// ```
///
/// As long as a change is under way, the maximal set counts (R7): the controller may already have made its leader one
/// that is in either.
class InSyncSet {
    private enum State {
        ASKED,
        TO_REPEAT,
        OVERTAKEN
    }

    private record Pending(IsrProposal proposal, State state) {}

    private PartitionMetadata metadata;
    private @Nullable Pending pending;
    private long proposals;
    private boolean refused;

    InSyncSet(PartitionMetadata metadata) {
        this.metadata = metadata;
    }

    PartitionMetadata metadata() {
        return metadata;
    }

    boolean isSettled() {
        return pending == null;
    }

    boolean isBelowMinimum() {
        return metadata.inSync().size() < metadata.inSyncMin();
    }

    /// Whoever is in sync, or is if the pending change holds.
    List<BrokerId> maximal() {
        if (pending == null) {
            return metadata.inSync();
        }
        var result = new ArrayList<>(metadata.inSync());
        wanted().orElse(List.of()).stream()
                .filter(replica -> !result.contains(replica))
                .forEach(result::add);
        return result;
    }

    /// What the change that is under way asks for.
    Optional<List<BrokerId>> wanted() {
        return pending == null
                ? Optional.empty()
                : Optional.of(pending.proposal().ids());
    }

    /// The proposal of this set, unless it is the one there is, or one is under way.
    Optional<IsrProposal> propose(List<Member> wanted) {
        var ids = wanted.stream().map(Member::id).toList();
        if (pending != null || refused || new HashSet<>(ids).equals(new HashSet<>(metadata.inSync()))) {
            return Optional.empty();
        }
        var proposal = proposal(wanted);
        pending = new Pending(proposal, State.ASKED);
        return Optional.of(proposal);
    }

    IsrProposal proposal(List<Member> wanted) {
        proposals++;
        return new IsrProposal(proposals, metadata.leaderEpoch(), metadata.partitionEpoch(), wanted);
    }

    /// At each tick: what is to be asked again, as it was (R9).
    Optional<IsrProposal> repeat() {
        refused = false;
        if (pending == null || pending.state() != State.TO_REPEAT) {
            return Optional.empty();
        }
        pending = new Pending(pending.proposal(), State.ASKED);
        return Optional.of(pending.proposal());
    }

    /// False if the news are no news.
    boolean adopt(PartitionMetadata changed) {
        Invariant.check(
                changed.leaderEpoch().equals(metadata.leaderEpoch()),
                "R3: the leader of epoch %s is told of epoch %s",
                metadata.leaderEpoch(),
                changed.leaderEpoch());
        if (changed.partitionEpoch() < metadata.partitionEpoch()) {
            return false;
        }
        if (changed.partitionEpoch() > metadata.partitionEpoch()) {
            pending = null;
        }
        metadata = changed;
        refused = false;
        return true;
    }

    void altered(long number, long partitionEpoch) {
        if (!isPending(number) || pending == null) {
            return;
        }
        // Metadata that have overtaken the answer are newer than it.
        if (partitionEpoch >= metadata.partitionEpoch()) {
            metadata = metadata.withInSync(pending.proposal().ids(), partitionEpoch);
        }
        pending = null;
    }

    void refused(long number, boolean overtaken) {
        if (isPending(number) && pending != null) {
            pending = overtaken ? new Pending(pending.proposal(), State.OVERTAKEN) : null;
            refused = true;
        }
    }

    void unknown(long number) {
        if (isPending(number) && pending != null) {
            pending = new Pending(pending.proposal(), State.TO_REPEAT);
        }
    }

    private boolean isPending(long number) {
        return pending != null && pending.proposal().number() == number && pending.state() == State.ASKED;
    }
}
