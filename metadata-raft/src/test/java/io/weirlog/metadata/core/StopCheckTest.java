package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.MetadataImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StopCheckTest {
    private static final Map<String, String> MIN_TWO = Map.of("min.insync.replicas", "2");

    private final Cluster cluster = new Cluster();

    @BeforeEach
    void threeBrokers() {
        cluster.register(1, 2, 3);
    }

    @Test
    void aThirdReplicaCanBeSpared() {
        cluster.create("t", 3, MIN_TWO);
        assertTrue(check(1).isSafe());
        cluster.fence(1);
        assertTrue(check(1).isSafe(), "it is stopped already");
        assertTrue(check(9).isSafe(), "there is no such broker");
    }

    @Test
    void theMinimumIsNeeded() {
        var topic = cluster.create("t", 3, MIN_TWO);
        cluster.fence(1);
        assertEquals(new StopCheck(List.of(), List.of(first(topic))), check(2));
    }

    @Test
    void theLastReplicaIsNeeded() {
        var topic = cluster.create("t", 1, Map.of());
        assertEquals(new StopCheck(List.of(first(topic)), List.of()), check(1));
        assertTrue(check(2).isSafe());
    }

    @Test
    void aDrainingBrokerDoesNotCount() {
        var topic = cluster.create("t", 3, MIN_TWO);
        cluster.drain(1);
        assertTrue(check(1).isSafe(), "its own drain does not stand against it");
        assertEquals(new StopCheck(List.of(), List.of(first(topic))), check(2));
        cluster.drain(2);
        assertEquals(new StopCheck(List.of(first(topic)), List.of()), check(3));
    }

    /// What the check says is what happens: after a safe stop every partition that had a leader has one, and
    /// none is newly below its minimum.
    @Test
    void aSafeStopDoesNoHarm() {
        int safe = 0;
        int unsafe = 0;
        for (long seed = 0; seed < 100; seed++) {
            var commands = new RandomCommands(seed);
            var random = new Random(seed);
            var state = MetadataState.EMPTY;
            for (int index = 1; index <= 100; index++) {
                state = MetadataMachine.apply(state, index, commands.next(state))
                        .state();
                var broker = new BrokerId(random.nextInt(6));
                var registered = Optional.ofNullable(state.brokers().get(broker));
                if (registered.isEmpty()) {
                    continue;
                }
                var check = StopCheck.of(state, broker);
                var fence = new MetadataCommand.FenceBroker(
                        Commands.request(), broker, registered.get().epoch());
                var stopped = MetadataMachine.apply(state, index + 1, fence).state();
                if (check.isSafe()) {
                    safe++;
                    assertEquals(List.of(), worse(state, stopped), "seed " + seed + " at " + index);
                } else {
                    unsafe++;
                }
                for (var partition : check.unavailable()) {
                    assertTrue(others(stopped, partition), "seed " + seed + " at " + index + ": " + partition);
                }
            }
        }
        assertTrue(safe > 300 && unsafe > 300, safe + " safe, " + unsafe + " unsafe");
    }

    /// Nobody who stays in service leads, unless nobody else may.
    private static boolean others(MetadataState stopped, TopicPartition id) {
        var image = MetadataImage.of(stopped).partition(id).orElseThrow();
        var consents =
                "true".equals(stopped.topics().existing(id.topicId()).configs().get("unclean.leader.election.enable"));
        return consents || image.leader().filter(stopped::isServing).isEmpty();
    }

    private static List<TopicPartition> worse(MetadataState before, MetadataState after) {
        return after.topics().byNames().stream()
                .flatMap(topic -> topic.partitions().stream()
                        .filter(partition -> {
                            var was = before.topics()
                                    .existing(topic.id())
                                    .partitions()
                                    .get(partition.partition());
                            int min = Integer.parseInt(topic.configs().getOrDefault("min.insync.replicas", "1"));
                            int needed =
                                    Math.min(min, partition.settledReplicas().size());
                            boolean lostLeader = was.leader().isPresent()
                                    && partition.leader().isEmpty();
                            boolean fellBelow = was.inSyncReplicas().size() >= needed
                                    && partition.inSyncReplicas().size() < needed;
                            return lostLeader || fellBelow;
                        })
                        .map(partition -> new TopicPartition(topic.id(), partition.partition())))
                .toList();
    }

    private StopCheck check(int broker) {
        return MetadataImage.of(cluster.state()).canStop(new BrokerId(broker));
    }

    private static TopicPartition first(TopicId topic) {
        return new TopicPartition(topic, 0);
    }
}
