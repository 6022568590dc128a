package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/// Places the replicas of a topic's new partitions: over racks first, then evenly, within the topic before the
/// cluster.
///
/// First each partition gets as its preferred leader the broker that leads least. Then each gets its further
/// replicas, one by one: from the rack that holds fewest of the partition's replicas so far the broker that
/// holds least, counting all it is going to lead. Ties go to the next broker after the leader, one further in
/// each round over the brokers, so that the partitions led by one broker have their other replicas on many: if
/// it fails, many take over.
final class ReplicaPlacement {
    /// @param here what the broker already has of the topic
    /// @param load what is on it altogether
    record Candidate(BrokerId id, Optional<String> rack, BrokerLoad here, BrokerLoad load) {}

    private final List<Candidate> candidates;
    /// The rack of each candidate as a number. A broker without a rack is a rack of its own.
    private final int[] racks;

    private final int[] leadsHere;
    private final int[] holdsHere;
    private final int[] usesOfRack;
    private final boolean[] chosen;

    private ReplicaPlacement(List<Candidate> candidates) {
        this.candidates = candidates;
        this.racks = numberRacks(candidates);
        this.leadsHere = candidates.stream()
                .mapToInt(candidate -> candidate.here().preferredLeaders())
                .toArray();
        this.holdsHere = candidates.stream()
                .mapToInt(candidate -> candidate.here().replicas())
                .toArray();
        this.usesOfRack = new int[candidates.size()];
        this.chosen = new boolean[candidates.size()];
    }

    /// The replicas of each partition, preferred leader first.
    ///
    /// @param candidates at least `replicationFactor`, in a fixed order
    static List<List<BrokerId>> place(int partitions, int replicationFactor, List<Candidate> candidates) {
        Invariant.check(
                replicationFactor >= 1 && replicationFactor <= candidates.size(),
                "%s replicas on %s brokers",
                replicationFactor,
                candidates.size());
        var placement = new ReplicaPlacement(candidates);
        int[] leaders = new int[partitions];
        for (int partition = 0; partition < partitions; partition++) {
            leaders[partition] = placement.placeLeader();
        }
        var placed = new ArrayList<List<BrokerId>>(partitions);
        for (int partition = 0; partition < partitions; partition++) {
            int round = partition / candidates.size();
            placed.add(placement.placeFollowers(leaders[partition], round, replicationFactor));
        }
        return placed;
    }

    private int placeLeader() {
        int leader = best(this::compareAsLeader, 0);
        leadsHere[leader]++;
        holdsHere[leader]++;
        return leader;
    }

    private List<BrokerId> placeFollowers(int leader, int round, int replicationFactor) {
        var replicas = new ArrayList<BrokerId>(replicationFactor);
        take(leader, replicas);
        while (replicas.size() < replicationFactor) {
            int follower = best(this::compareAsFollower, leader + 1 + round);
            holdsHere[follower]++;
            take(follower, replicas);
        }
        Arrays.fill(chosen, false);
        Arrays.fill(usesOfRack, 0);
        return List.copyOf(replicas);
    }

    private void take(int candidate, List<BrokerId> replicas) {
        chosen[candidate] = true;
        usesOfRack[racks[candidate]]++;
        replicas.add(candidates.get(candidate).id());
    }

    @FunctionalInterface
    private interface Order {
        int compare(int candidate, int other);
    }

    /// The least candidate not chosen yet; the first from `start` on, around the ring, of several.
    private int best(Order order, int start) {
        int count = candidates.size();
        int best = count;
        for (int step = 0; step < count; step++) {
            int candidate = (start + step) % count;
            if (!chosen[candidate] && (best == count || order.compare(candidate, best) < 0)) {
                best = candidate;
            }
        }
        Invariant.check(best < count, "all %s brokers are chosen", count);
        return best;
    }

    private int compareAsLeader(int a, int b) {
        if (leadsHere[a] != leadsHere[b]) {
            return Integer.compare(leadsHere[a], leadsHere[b]);
        }
        var loadOfA = candidates.get(a).load();
        var loadOfB = candidates.get(b).load();
        return loadOfA.preferredLeaders() != loadOfB.preferredLeaders()
                ? Integer.compare(loadOfA.preferredLeaders(), loadOfB.preferredLeaders())
                : Integer.compare(loadOfA.replicas(), loadOfB.replicas());
    }

    private int compareAsFollower(int a, int b) {
        if (usesOfRack[racks[a]] != usesOfRack[racks[b]]) {
            return Integer.compare(usesOfRack[racks[a]], usesOfRack[racks[b]]);
        }
        return holdsHere[a] != holdsHere[b]
                ? Integer.compare(holdsHere[a], holdsHere[b])
                : Integer.compare(
                        candidates.get(a).load().replicas(),
                        candidates.get(b).load().replicas());
    }

    private static int[] numberRacks(List<Candidate> candidates) {
        var numbers = new HashMap<String, Integer>();
        int[] racks = new int[candidates.size()];
        int next = 0;
        for (int candidate = 0; candidate < racks.length; candidate++) {
            var rack = candidates.get(candidate).rack();
            Integer known = rack.map(numbers::get).orElse(null);
            racks[candidate] = known != null ? known : next++;
            int number = racks[candidate];
            rack.ifPresent(name -> numbers.put(name, number));
        }
        return racks;
    }
}
