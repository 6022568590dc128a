package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import java.util.Set;

/// What the replicas of a partition may have lost when something happened to one of them.
///
/// @param doubtful may have lost what they had acknowledged, by an unclean stop; those with `durability=fsync` have not
/// @param logless have no usable log any more: they are complete under no circumstances
/// @param renewed must not go on leading in the same epoch: their former life may have handed out records that they no
///     longer have (R1)
record Losses(Set<BrokerId> doubtful, Set<BrokerId> logless, Set<BrokerId> renewed) {
    static final Losses NONE = new Losses(Set.of(), Set.of(), Set.of());

    /// The broker lives again.
    static Losses ofNewLife(BrokerId broker, FormerEnd end) {
        var one = Set.of(broker);
        return switch (end) {
            case CLEAN -> new Losses(Set.of(), Set.of(), one);
            case UNCLEAN -> new Losses(one, Set.of(), one);
            case WIPED -> new Losses(Set.of(), one, one);
        };
    }

    /// The broker's log of one partition has failed.
    static Losses ofFailedLog(BrokerId broker) {
        return new Losses(Set.of(), Set.of(broker), Set.of());
    }

    /// The leadership goes to somebody else, or begins anew.
    static Losses ofLeadership(Set<BrokerId> leaders) {
        return new Losses(Set.of(), Set.of(), leaders);
    }
}
