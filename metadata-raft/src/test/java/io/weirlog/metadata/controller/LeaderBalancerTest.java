package io.weirlog.metadata.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.controller.LeaderBalancer.Rules;
import io.weirlog.metadata.core.ElectionKind;
import io.weirlog.metadata.core.ElectionResult;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaderBalancerTest {
    private static final int BROKERS = 4;
    private static final long INTERVAL = 1_000;

    private MetadataState state = MetadataState.EMPTY;
    private long requests;

    private MetadataReply apply(MetadataCommand command) {
        var applied = MetadataMachine.apply(state, state.index() + 1, command);
        state = applied.state();
        return applied.reply();
    }

    private RequestId request() {
        return new RequestId(new UUID(1, ++requests));
    }

    private MetadataImage image() {
        return MetadataImage.of(state);
    }

    private void registerAll() {
        for (int broker = 0; broker < BROKERS; broker++) {
            apply(new MetadataCommand.RegisterBroker(
                    request(),
                    new BrokerId(broker),
                    new UUID(2, broker),
                    Optional.empty(),
                    Map.of("client", new Endpoint("broker-" + broker, 7171)),
                    false));
        }
    }

    private void create(int topic, int partitions, int replicas) {
        apply(new MetadataCommand.CreateTopic(
                request(), "topic-" + topic, new TopicId(new UUID(3, topic)), partitions, replicas, Map.of()));
    }

    private BrokerEpoch epoch(BrokerId broker) {
        return image().broker(broker).orElseThrow().epoch();
    }

    /// The broker goes and comes back, and its replicas catch up.
    private void restart(BrokerId broker) {
        apply(new MetadataCommand.FenceBroker(request(), broker, epoch(broker)));
        apply(new MetadataCommand.UnfenceBroker(request(), broker, epoch(broker)));
        catchUp();
    }

    private void catchUp() {
        for (var topic : image().topics()) {
            for (var partition : topic.partitions()) {
                var live = partition.replicas().stream()
                        .filter(replica ->
                                !image().broker(replica).orElseThrow().fenced())
                        .map(replica -> new IsrChange.Member(replica, epoch(replica)))
                        .toList();
                partition
                        .leader()
                        .ifPresent(leader -> apply(new MetadataCommand.AlterIsr(
                                request(),
                                leader,
                                epoch(leader),
                                List.of(new IsrChange(
                                        new TopicPartition(topic.id(), partition.partition()),
                                        partition.leaderEpoch(),
                                        partition.partitionEpoch(),
                                        live)))));
            }
        }
    }

    private MetadataReply.LeadersElected elect(List<TopicPartition> partitions) {
        return assertInstanceOf(
                MetadataReply.LeadersElected.class,
                apply(new MetadataCommand.ElectLeaders(request(), ElectionKind.PREFERRED, partitions)));
    }

    private boolean leadsWhatPrefersIt(BrokerId broker) {
        return image().topics().stream()
                .flatMap(topic -> topic.partitions().stream())
                .filter(partition -> partition.replicas().getFirst().equals(broker))
                .allMatch(partition -> partition.leader().equals(Optional.of(broker)));
    }

    @Test
    void leadershipsComeBackInBatchesAfterAnInterval() {
        registerAll();
        create(0, 6_000, 3);
        var broker = new BrokerId(0);
        restart(broker);
        assertFalse(leadsWhatPrefersIt(broker));
        var balancer = new LeaderBalancer(new Rules(true, INTERVAL, 10));
        balancer.activate(0);
        assertEquals(List.of(), balancer.tick(image(), INTERVAL - 1));
        var first = balancer.tick(image(), INTERVAL);
        assertEquals(1_000, first.size());
        assertEquals(List.of(), balancer.tick(image(), INTERVAL + 1), "one batch at a time");
        elect(first);
        balancer.ended(true);
        var second = balancer.tick(image(), INTERVAL + 2);
        elect(second);
        balancer.ended(true);
        assertTrue(leadsWhatPrefersIt(broker), "also when less than ten percent are left");
        assertEquals(List.of(), balancer.tick(image(), INTERVAL + 3));
    }

    @Test
    void afterAFailureTheNextCheckBeginsAnew() {
        registerAll();
        create(0, 6_000, 3);
        restart(new BrokerId(0));
        var balancer = new LeaderBalancer(new Rules(true, INTERVAL, 10));
        balancer.activate(0);
        var first = balancer.tick(image(), INTERVAL);
        balancer.ended(false);
        assertEquals(List.of(), balancer.tick(image(), INTERVAL + 1));
        assertEquals(first, balancer.tick(image(), 2 * INTERVAL));
        balancer.deactivate();
        assertEquals(List.of(), balancer.tick(image(), 3 * INTERVAL));
    }

    @Test
    void switchedOffItDoesNothing() {
        registerAll();
        create(0, 12, 3);
        restart(new BrokerId(0));
        var balancer = new LeaderBalancer(new Rules(false, INTERVAL, 0));
        balancer.activate(0);
        assertEquals(List.of(), balancer.tick(image(), 10 * INTERVAL));
    }

    @Test
    void aFewPercentAreLeftAlone() {
        registerAll();
        create(0, 40, 3);
        restart(new BrokerId(0));
        assertEquals(10, LeaderBalancer.elections(image(), 99).size());
        elect(LeaderBalancer.elections(image(), 0).subList(0, 9));
        assertEquals(List.of(), LeaderBalancer.elections(image(), 10));
        assertEquals(1, LeaderBalancer.elections(image(), 9).size());
    }

    /// Whatever has happened: what is proposed can be done, and then nothing is left that could be done.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void everyElectionThatIsProposedIsPossible(long seed) {
        var random = new Random(seed);
        registerAll();
        for (int topic = 0; topic < 5; topic++) {
            create(topic, 1 + random.nextInt(10), 1 + random.nextInt(BROKERS));
        }
        for (int step = 0; step < 30; step++) {
            var broker = new BrokerId(random.nextInt(BROKERS));
            switch (random.nextInt(4)) {
                case 0 -> apply(new MetadataCommand.FenceBroker(request(), broker, epoch(broker)));
                case 1 -> apply(new MetadataCommand.UnfenceBroker(request(), broker, epoch(broker)));
                case 2 -> apply(new MetadataCommand.DrainBroker(request(), broker, epoch(broker)));
                case 3 -> catchUp();
                default -> throw new AssertionError();
            }
            var elections = LeaderBalancer.elections(image(), 0);
            var results = elect(elections).results();
            assertTrue(results.stream().allMatch(result -> result == ElectionResult.ELECTED), "seed " + seed);
            assertEquals(List.of(), LeaderBalancer.elections(image(), 0), "seed " + seed);
        }
    }
}
