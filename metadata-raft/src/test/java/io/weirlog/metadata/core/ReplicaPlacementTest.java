package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplicaPlacementTest {
    @ParameterizedTest
    @CsvSource({"1,1,1", "1,100,1", "3,12,3", "3,100,2", "5,17,3", "7,1000,5", "12,10,3", "100,1000,3", "4,4,4"})
    void evenWithinATopic(int brokers, int partitions, int factor) {
        checkEven(ReplicaPlacement.place(partitions, factor, candidates(brokers, 0)), brokers, factor, "no racks");
    }

    @ParameterizedTest
    @CsvSource({"3,3,12,3", "2,4,20,2", "3,6,100,3", "3,9,1000,2", "5,15,77,3"})
    void evenOverEvenRacks(int racks, int brokers, int partitions, int factor) {
        var placed = ReplicaPlacement.place(partitions, factor, candidates(brokers, racks));
        checkEven(placed, brokers, factor, racks + " racks");
        for (var replicas : placed) {
            assertEquals(Math.min(factor, racks), racksOf(replicas, racks), replicas::toString);
        }
    }

    @Test
    void randomClusters() {
        for (int seed = 0; seed < 500; seed++) {
            var random = new Random(seed);
            int brokers = 1 + random.nextInt(20);
            int racks = 1 + random.nextInt(brokers);
            int factor = 1 + random.nextInt(Math.min(5, brokers));
            int partitions = 1 + random.nextInt(60);
            var candidates = candidates(brokers, racks);
            var placed = ReplicaPlacement.place(partitions, factor, candidates);
            assertEquals(placed, ReplicaPlacement.place(partitions, factor, candidates), "seed " + seed);
            assertEquals(partitions, placed.size(), "seed " + seed);
            for (var replicas : placed) {
                assertEquals(factor, new HashSet<>(replicas).size(), "seed " + seed);
                assertEquals(Math.min(factor, racks), racksOf(replicas, racks), "seed " + seed);
            }
            assertTrue(spread(count(placed, brokers, true)) <= 1, "leaders of seed " + seed);
        }
    }

    @Test
    void manyTopicsOfOnePartitionAreEven() {
        var loads = new TreeMap<Integer, BrokerLoad>();
        for (int topic = 0; topic < 90; topic++) {
            var candidates = new ArrayList<ReplicaPlacement.Candidate>();
            for (int broker = 0; broker < 9; broker++) {
                var load = loads.getOrDefault(broker, BrokerLoad.NONE);
                candidates.add(
                        new ReplicaPlacement.Candidate(new BrokerId(broker), Optional.empty(), BrokerLoad.NONE, load));
            }
            var replicas = ReplicaPlacement.place(1, 3, candidates).getFirst();
            for (var replica : replicas) {
                int leads = replica.equals(replicas.getFirst()) ? 1 : 0;
                loads.merge(replica.value(), new BrokerLoad(1, leads), BrokerLoad::plus);
            }
        }
        for (var load : loads.values()) {
            assertEquals(new BrokerLoad(30, 10), load);
        }
    }

    @Test
    void thePartitionsOfOneLeaderHaveTheirOtherReplicasOnMany() {
        var placed = ReplicaPlacement.place(100, 2, candidates(5, 0));
        var followers = new HashSet<BrokerId>();
        placed.stream()
                .filter(replicas -> replicas.getFirst().value() == 0)
                .forEach(replicas -> followers.add(replicas.get(1)));
        assertEquals(4, followers.size());
    }

    @Test
    void theLargestTopicIsPlacedInTime() {
        long before = System.nanoTime();
        var placed = ReplicaPlacement.place(10_000, 3, candidates(100, 3));
        System.out.printf("10,000 partitions on 100 brokers: %d ms%n", (System.nanoTime() - before) / 1_000_000);
        assertEquals(10_000, placed.size());
    }

    private static List<ReplicaPlacement.Candidate> candidates(int brokers, int racks) {
        var candidates = new ArrayList<ReplicaPlacement.Candidate>();
        for (int broker = 0; broker < brokers; broker++) {
            Optional<String> rack = racks == 0 ? Optional.empty() : Optional.of("rack-" + broker % racks);
            candidates.add(
                    new ReplicaPlacement.Candidate(new BrokerId(broker), rack, BrokerLoad.NONE, BrokerLoad.NONE));
        }
        return candidates;
    }

    private static void checkEven(List<List<BrokerId>> placed, int brokers, int factor, String what) {
        placed.forEach(replicas -> assertEquals(factor, new HashSet<>(replicas).size(), what));
        var leaders = count(placed, brokers, true);
        assertTrue(spread(leaders) <= 1, () -> what + ": leaders " + leaders);
        var replicas = count(placed, brokers, false);
        assertTrue(spread(replicas) <= 1, () -> what + ": replicas " + replicas);
    }

    private static long racksOf(List<BrokerId> replicas, int racks) {
        return replicas.stream()
                .mapToInt(replica -> replica.value() % racks)
                .distinct()
                .count();
    }

    private static List<Integer> count(List<List<BrokerId>> placed, int brokers, boolean leadersOnly) {
        var counts = new ArrayList<Integer>();
        for (int broker = 0; broker < brokers; broker++) {
            var id = new BrokerId(broker);
            counts.add((int) placed.stream()
                    .filter(replicas -> leadersOnly ? replicas.getFirst().equals(id) : replicas.contains(id))
                    .count());
        }
        return counts;
    }

    private static int spread(List<Integer> counts) {
        return counts.stream().mapToInt(Integer::intValue).max().orElseThrow()
                - counts.stream().mapToInt(Integer::intValue).min().orElseThrow();
    }
}
