package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// Who leads a partition.
final class LeaderChooser {
    private LeaderChooser() {}

    /// The first replica in the order of preference that is in sync and live: only those are certain to hold
    /// everything that was acknowledged (R2). Nobody if there is none.
    static Optional<BrokerId> choose(List<BrokerId> replicas, List<BrokerId> inSync, Predicate<BrokerId> isLive) {
        return replicas.stream().filter(inSync::contains).filter(isLive).findFirst();
    }
}
