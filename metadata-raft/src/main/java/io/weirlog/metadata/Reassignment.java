package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/// A partition's move to other replicas, under way (KIP-455). Those to be added fetch the log like all others;
/// once all of `target` are in sync, the rest is let go.
///
/// @param original the replicas before the move, and again if it is called off; preferred leader first
/// @param target the replicas after it, preferred leader first
public record Reassignment(List<BrokerId> original, List<BrokerId> target) {
    public Reassignment {
        original = List.copyOf(original);
        target = List.copyOf(target);
        Invariant.check(!original.isEmpty() && distinct(original), "original replicas %s", original);
        Invariant.check(!target.isEmpty() && distinct(target), "target replicas %s", target);
    }

    public List<BrokerId> adding() {
        return target.stream().filter(replica -> !original.contains(replica)).toList();
    }

    public List<BrokerId> removing() {
        return original.stream().filter(replica -> !target.contains(replica)).toList();
    }

    /// The replicas while the move is under way.
    public List<BrokerId> all() {
        return Stream.concat(original.stream(), adding().stream()).toList();
    }

    private static boolean distinct(List<BrokerId> brokers) {
        return new HashSet<>(brokers).size() == brokers.size();
    }
}
