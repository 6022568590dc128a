package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.TopicImage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReassignmentPlanTest {
    private final Cluster cluster = new Cluster();

    @Test
    void whatIsSpreadEvenlyStays() {
        cluster.register(1, 2, 3);
        create("t", 6, 2);
        assertEquals("", plan(1, 2, 3));
    }

    @Test
    void aBrokerThatIsNotNamedGivesAllAway() {
        cluster.register(1, 2, 3);
        create("t", List.of(List.of(1, 2), List.of(2, 3), List.of(3, 1)));
        cluster.register(4);
        assertEquals("1: [2, 3] -> [2, 4], 2: [3, 1] -> [4, 1]", plan(1, 2, 4));
    }

    @Test
    void aNewBrokerGetsItsShareAndNoMoreMoves() {
        cluster.register(1, 2, 3);
        create("t", List.of(List.of(1, 2, 3), List.of(2, 3, 1), List.of(3, 1, 2), List.of(1, 2, 3)));
        cluster.register(4);
        var moves = moves(1, 2, 3, 4);
        assertEquals(3, moves.size(), "12 replicas on 4 brokers: 3 are to come to the new one, not " + moves);
        for (var move : moves) {
            assertEquals(1, added(move), "one copy each: " + move);
        }
        assertTrue(plan(1, 2, 3, 4).contains("[4"), "it leads one: " + moves);
    }

    @Test
    void racksComeBeforeEvenness() {
        register(1, "a");
        register(2, "b");
        create("t", List.of(List.of(1, 2), List.of(2, 1)));
        register(3, "a");
        register(4, "a");
        assertEquals("0: [1, 2] -> [3, 2], 1: [2, 1] -> [2, 4]", plan(2, 3, 4), "2 keeps both, alone in its rack");
    }

    @Test
    void orderAloneIsChangedForLeaderships() {
        cluster.register(1, 2);
        create("t", List.of(List.of(1, 2), List.of(1, 2), List.of(1, 2), List.of(1, 2)));
        assertEquals("0: [1, 2] -> [2, 1], 1: [1, 2] -> [2, 1]", plan(1, 2));
    }

    @Test
    void anEvacuatedBrokerKeepsNothing() {
        cluster.register(1, 2, 3);
        create("s", List.of(List.of(1, 2)));
        create("t", List.of(List.of(2, 3), List.of(1, 3)));
        assertEquals("s-0: [1, 2] -> [3, 2], t-1: [1, 3] -> [2, 3]", evacuation(1));
        cluster.accepted(new MetadataCommand.AlterReassignments(
                Commands.request(), List.of(new ReplicaMove(id("t", 1), Optional.of(brokers(2, 3))))));
        assertEquals("s-0: [1, 2] -> [3, 2]", evacuation(1), "the rest is on its way");
    }

    @Test
    void nonsenseIsRefused() {
        cluster.register(1, 2, 3);
        create("t", List.of(List.of(1, 2, 3)));
        refused(RejectReason.BROKER_NOT_FOUND, "there is no broker 9", spread(1, 2, 3, 9));
        refused(
                RejectReason.INVALID_REPLICATION_FACTOR,
                "t-0 has 3 replicas, which need as many brokers, not [1, 2, 2]",
                spread(1, 2, 2));
        refused(
                RejectReason.INVALID_REPLICATION_FACTOR,
                "t-0 is on all other brokers in service already",
                ReassignmentPlan.evacuation(cluster.state(), new BrokerId(1)));
        refused(
                RejectReason.BROKER_NOT_FOUND,
                "there is no broker 9",
                ReassignmentPlan.evacuation(cluster.state(), new BrokerId(9)));
        cluster.register(4, 5);
        cluster.fence(5);
        refused(RejectReason.INVALID_REPLICAS, "broker 5 is out of service or about to stop", spread(1, 2, 5));
        cluster.accepted(new MetadataCommand.AlterReassignments(
                Commands.request(), List.of(new ReplicaMove(id("t", 0), Optional.of(brokers(1, 2, 4))))));
        refused(
                RejectReason.REASSIGNMENT_IN_PROGRESS,
                "t-0 is on its way to [1, 2, 4] already: wait for that, or call it off",
                spread(1, 2, 3));
    }

    /// Whatever there is: each partition keeps its number of replicas, on distinct brokers of those named, spread as
    /// evenly as can be without racks; and planning again from there changes nothing.
    @Test
    void plansHoldForAnything() {
        for (long seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            var name = "t" + seed;
            var some = new Cluster();
            some.register(1, 2, 3, 4, 5, 6);
            int partitions = 1 + random.nextInt(12);
            int factor = 1 + random.nextInt(3);
            some.accepted(command(name, random(random, partitions, factor)));
            var to = IntStream.rangeClosed(1, 6)
                    .filter(_ -> random.nextInt(3) > 0)
                    .mapToObj(BrokerId::new)
                    .toList();
            if (to.size() < factor) {
                continue;
            }
            var topic = some.state().topics().byName(name).orElseThrow();
            var moves = planned(ReassignmentPlan.spread(some.state(), topic, to));
            var after = new HashMap<Integer, List<BrokerId>>();
            topic.partitions().forEach(partition -> after.put(partition.partition(), partition.replicas()));
            moves.forEach(move -> after.put(move.partition().partition(), move.target()));
            var holds = new HashMap<BrokerId, Integer>();
            to.forEach(broker -> holds.put(broker, 0));
            for (var replicas : after.values()) {
                assertEquals(factor, new HashSet<>(replicas).size(), "seed " + seed);
                assertTrue(to.containsAll(replicas), "seed " + seed);
                replicas.forEach(replica -> holds.merge(replica, 1, Integer::sum));
            }
            int most = holds.values().stream().max(Integer::compare).orElseThrow();
            int least = holds.values().stream().min(Integer::compare).orElseThrow();
            assertTrue(most - least <= 1, "seed " + seed + ": " + holds);
            var settled = new Cluster();
            settled.register(1, 2, 3, 4, 5, 6);
            settled.accepted(command(
                    name,
                    IntStream.range(0, partitions)
                            .mapToObj(partition -> after.getOrDefault(partition, List.of()))
                            .toList()));
            assertEquals(
                    List.of(),
                    planned(ReassignmentPlan.spread(
                            settled.state(),
                            settled.state().topics().byName(name).orElseThrow(),
                            to)),
                    "seed " + seed);
        }
    }

    private static List<List<BrokerId>> random(Random random, int partitions, int factor) {
        return IntStream.range(0, partitions)
                .mapToObj(_ -> random.ints(1, 7)
                        .distinct()
                        .limit(factor)
                        .mapToObj(BrokerId::new)
                        .toList())
                .toList();
    }

    private static MetadataCommand command(String name, List<List<BrokerId>> replicas) {
        var topic = new NewTopic(
                name,
                new TopicId(UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8))),
                replicas.size(),
                replicas.getFirst().size(),
                replicas,
                Map.of());
        return new MetadataCommand.CreateTopic(Commands.request(), topic);
    }

    private void register(int broker, String rack) {
        cluster.accepted(new MetadataCommand.RegisterBroker(
                Commands.request(),
                new BrokerId(broker),
                new UUID(7, broker),
                Optional.of(rack),
                Map.of("client", new Endpoint("host", 7171)),
                false));
    }

    private void create(String name, List<List<Integer>> replicas) {
        cluster.accepted(command(
                name,
                replicas.stream()
                        .map(each -> each.stream().map(BrokerId::new).toList())
                        .toList()));
    }

    private void create(String name, int partitions, int factor) {
        cluster.accepted(Commands.create(name, partitions, factor, Map.of()));
    }

    private TopicImage topic(String name) {
        return cluster.state().topics().byName(name).orElseThrow();
    }

    private TopicPartition id(String topic, int partition) {
        return new TopicPartition(topic(topic).id(), partition);
    }

    private static List<BrokerId> brokers(int... ids) {
        return Arrays.stream(ids).mapToObj(BrokerId::new).toList();
    }

    private ReassignmentPlan spread(int... brokers) {
        return ReassignmentPlan.spread(cluster.state(), topic("t"), brokers(brokers));
    }

    private List<ReassignmentPlan.Move> moves(int... brokers) {
        return planned(spread(brokers));
    }

    private String plan(int... brokers) {
        return moves(brokers).stream()
                .map(move -> move.partition().partition() + ": " + move.current() + " -> " + move.target())
                .collect(Collectors.joining(", "));
    }

    private String evacuation(int broker) {
        return planned(ReassignmentPlan.evacuation(cluster.state(), new BrokerId(broker))).stream()
                .map(move -> move.topic() + "-" + move.partition().partition() + ": " + move.current() + " -> "
                        + move.target())
                .collect(Collectors.joining(", "));
    }

    private static long added(ReassignmentPlan.Move move) {
        return move.target().stream()
                .filter(broker -> !move.current().contains(broker))
                .count();
    }

    private static List<ReassignmentPlan.Move> planned(ReassignmentPlan plan) {
        return assertInstanceOf(ReassignmentPlan.Planned.class, plan, plan::toString)
                .moves();
    }

    private static void refused(RejectReason reason, String message, ReassignmentPlan plan) {
        var refused = assertInstanceOf(ReassignmentPlan.Refused.class, plan);
        assertEquals(reason, refused.reason());
        assertEquals(message, refused.message());
    }
}
