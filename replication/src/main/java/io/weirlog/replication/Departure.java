package io.weirlog.replication;

import io.weirlog.common.BrokerId;
import io.weirlog.replication.IsrController.Outcome;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.IsrProposal.Member;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalLong;

/// How a replica that cannot serve leaves the in-sync set, so that somebody else leads and nobody waits for it.
///
/// ```
/// state    event                                     next
/// staying  ask                                       asked: the set as it is, without this replica
/// asked    granted                                   left, as of a partition epoch
///          refused, or nobody knows                  staying: asks again after a while, or once the metadata change
/// left     the metadata have it in the set again     staying
/// ```
///
/// An only replica stays what it is: there is nobody to leave the partition to.
final class Departure {
    private static final long RETRY_MILLIS = 5_000;

    private final BrokerId self;
    private long asked;
    private boolean waiting;
    private OptionalLong leftInEpoch = OptionalLong.empty();
    private OptionalLong askedInEpoch = OptionalLong.empty();
    private long askedMillis;

    Departure(BrokerId self) {
        this.self = self;
    }

    /// What to ask the controller for now, if anything.
    Optional<IsrProposal> ask(PartitionAssignment assignment, long nowMillis) {
        var metadata = assignment.metadata();
        var epoch = metadata.partitionEpoch();
        if (waiting || !hasOthers(assignment) || hasLeft(assignment) || hasJustAsked(epoch, nowMillis)) {
            return Optional.empty();
        }
        var others = new ArrayList<Member>();
        for (var replica : metadata.inSync()) {
            if (!replica.equals(self)) {
                var brokerEpoch = metadata.epochOf(replica);
                if (brokerEpoch.isEmpty()) {
                    return Optional.empty();
                }
                others.add(new Member(replica, brokerEpoch.get()));
            }
        }
        waiting = true;
        askedMillis = nowMillis;
        askedInEpoch = OptionalLong.of(epoch);
        asked++;
        return Optional.of(new IsrProposal(asked, metadata.leaderEpoch(), epoch, others));
    }

    private boolean hasOthers(PartitionAssignment assignment) {
        var replicas = assignment.metadata().replicas();
        return replicas.contains(self) && replicas.size() > 1;
    }

    private boolean hasLeft(PartitionAssignment assignment) {
        boolean knownYet = assignment.metadata().partitionEpoch() >= leftInEpoch.orElse(0);
        return leftInEpoch.isPresent() && (!knownYet || isThrough(assignment));
    }

    private boolean hasJustAsked(long epoch, long nowMillis) {
        return askedInEpoch.equals(OptionalLong.of(epoch)) && nowMillis - askedMillis < RETRY_MILLIS;
    }

    void answered(Outcome outcome) {
        waiting = false;
        switch (outcome) {
            case Outcome.Altered(var _, var partitionEpoch) -> leftInEpoch = OptionalLong.of(partitionEpoch);
            case Outcome.Refused(var overtaken) -> {}
            case Outcome.Unknown() -> {}
        }
    }

    /// Whether the replica has left, and these metadata know.
    boolean isThrough(PartitionAssignment assignment) {
        var metadata = assignment.metadata();
        return leftInEpoch.isPresent()
                && metadata.partitionEpoch() >= leftInEpoch.getAsLong()
                && !metadata.inSync().contains(self)
                && !assignment.isLedBy(self);
    }
}
