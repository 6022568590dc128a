package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/// Partitions that exist, on their way to the brokers that are to hold them. Every replica moved is a copy of all its
/// records over the network, so each step moves as few as it can:
///
/// 1. A replica on a broker that is no candidate goes to one that is: in the rack that has fewest of the partition,
///    the one that holds least.
/// 2. While one candidate holds two replicas more than another, one of them moves there, unless racks stand against it.
/// 3. While one leads two more than another in the same partition, the two change places in its order. That copies
///    nothing.
final class ReplicaSpread {
    /// @param load replicas of all partitions of the cluster
    record Candidate(BrokerId id, int load) {}

    private final List<Candidate> candidates;
    private final Set<BrokerId> ids = new HashSet<>();
    private final Function<BrokerId, Optional<String>> racks;
    private final Map<BrokerId, Integer> holds = new HashMap<>();
    private final Map<BrokerId, Integer> gains = new HashMap<>();
    private final List<List<BrokerId>> partitions = new ArrayList<>();

    /// @param candidates in a fixed order, that of ties
    /// @param racks of any broker
    ReplicaSpread(List<Candidate> candidates, Function<BrokerId, Optional<String>> racks) {
        this.candidates = candidates;
        this.racks = racks;
        candidates.forEach(candidate -> ids.add(candidate.id()));
    }

    void add(List<BrokerId> replicas) {
        partitions.add(new ArrayList<>(replicas));
        replicas.forEach(replica -> holds.merge(replica, 1, Integer::sum));
    }

    List<BrokerId> replicas(int partition) {
        return List.copyOf(partitions.get(partition));
    }

    /// Replaces all replicas that are on no candidate; the partitions are those of one topic.
    void fill() {
        fill(
                replica -> !ids.contains(replica),
                Comparator.<Candidate>comparingInt(candidate -> count(candidate.id()))
                        .thenComparingInt(this::load));
    }

    /// Replaces the replicas on one broker, which is no candidate; the partitions are those of many topics.
    void fill(BrokerId replaced) {
        fill(replaced::equals, Comparator.comparingInt(this::load));
    }

    private void fill(Predicate<BrokerId> replaced, Comparator<Candidate> order) {
        for (var replicas : partitions) {
            for (int i = 0; i < replicas.size(); i++) {
                if (replaced.test(replicas.get(i))) {
                    replace(replicas, i, best(replicas, i, order));
                }
            }
        }
    }

    private int load(Candidate candidate) {
        return candidate.load() + gains.getOrDefault(candidate.id(), 0);
    }

    private BrokerId best(List<BrokerId> replicas, int replaced, Comparator<Candidate> order) {
        return candidates.stream()
                .filter(candidate -> !replicas.contains(candidate.id()))
                .min(Comparator.<Candidate>comparingLong(candidate -> sameRack(replicas, replaced, candidate.id()))
                        .thenComparing(order))
                .map(Candidate::id)
                .orElseThrow();
    }

    void balance() {
        while (moveOne()) {
            // Each step brings two brokers closer to each other, so it ends.
        }
        while (swapOne()) {
            // The same.
        }
    }

    private boolean moveOne() {
        var byHolding = candidates.stream()
                .sorted(Comparator.comparingInt((Candidate candidate) -> count(candidate.id()))
                        .thenComparingInt(Candidate::load))
                .map(Candidate::id)
                .toList();
        for (var from : byHolding.reversed()) {
            for (var to : byHolding) {
                if (count(from) - count(to) < 2) {
                    break;
                }
                for (var replicas : partitions) {
                    int at = replicas.indexOf(from);
                    if (at >= 0
                            && !replicas.contains(to)
                            && sameRack(replicas, at, to) <= sameRack(replicas, at, from)) {
                        replace(replicas, at, to);
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private boolean swapOne() {
        var leads = new HashMap<BrokerId, Integer>();
        partitions.forEach(replicas -> leads.merge(replicas.getFirst(), 1, Integer::sum));
        for (var replicas : partitions) {
            for (int i = 1; i < replicas.size(); i++) {
                var leader = replicas.getFirst();
                var other = replicas.get(i);
                if (leads.getOrDefault(leader, 0) - leads.getOrDefault(other, 0) >= 2) {
                    replicas.set(0, other);
                    replicas.set(i, leader);
                    return true;
                }
            }
        }
        return false;
    }

    private void replace(List<BrokerId> replicas, int at, BrokerId to) {
        var from = replicas.set(at, to);
        holds.merge(from, -1, Integer::sum);
        holds.merge(to, 1, Integer::sum);
        gains.merge(to, 1, Integer::sum);
        gains.merge(from, -1, Integer::sum);
        Invariant.check(count(from) >= 0, "broker %s holds %s", from, count(from));
    }

    private int count(BrokerId broker) {
        return holds.getOrDefault(broker, 0);
    }

    /// How many replicas other than the one at `replaced` are in the broker's rack. A broker without one is alone.
    private long sameRack(List<BrokerId> replicas, int replaced, BrokerId broker) {
        var rack = racks.apply(broker);
        if (rack.isEmpty()) {
            return 0;
        }
        long same = 0;
        for (int i = 0; i < replicas.size(); i++) {
            if (i != replaced && rack.equals(racks.apply(replicas.get(i)))) {
                same++;
            }
        }
        return same;
    }
}
