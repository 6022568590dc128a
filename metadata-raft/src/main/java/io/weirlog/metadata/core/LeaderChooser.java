package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// Who leads a partition.
final class LeaderChooser {
    private LeaderChooser() {}

    /// The live one of `candidates` that comes first; one that is draining only if all live ones are, since it
    /// is about to go. Nobody if none is live.
    ///
    /// @param candidates in the order of preference
    static Optional<BrokerId> choose(MetadataState state, List<BrokerId> candidates) {
        return first(candidates, state::isServing).or(() -> first(candidates, state::isLive));
    }

    /// Who leads while the in-sync set has live members: only those are certain to hold everything that was
    /// acknowledged (R2). Whoever leads goes on, unless it is draining and another can take over.
    ///
    /// @param candidates the live in-sync replicas, at least one, in the order of preference
    /// @param current the leader so far, if it may go on
    static Optional<BrokerId> chooseInSync(MetadataState state, List<BrokerId> candidates, Optional<BrokerId> current) {
        return current.filter(state::isServing)
                .or(() -> first(candidates, state::isServing))
                .or(() -> current)
                .or(() -> choose(state, candidates));
    }

    private static Optional<BrokerId> first(List<BrokerId> candidates, Predicate<BrokerId> condition) {
        return candidates.stream().filter(condition).findFirst();
    }
}
