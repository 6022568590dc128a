package io.weirlog.metadata.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.controller.BrokerLiveness.Effect;
import io.weirlog.metadata.controller.BrokerLiveness.Event;
import io.weirlog.metadata.controller.BrokerLiveness.Step;
import io.weirlog.metadata.controller.BrokerLiveness.Wish;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class BrokerLivenessTest {
    private static final BrokerLiveness.Times TIMES = new BrokerLiveness.Times(3_000, 300, 20);
    private static final BrokerId ONE = new BrokerId(1);

    private final BrokerLiveness liveness = new BrokerLiveness(TIMES);
    private final List<Effect.Answer> answers = new ArrayList<>();
    private final List<Effect.Propose> proposals = new ArrayList<>();
    private final List<Effect.EndLife> ended = new ArrayList<>();
    private MetadataState state = MetadataState.EMPTY;

    private void apply(MetadataCommand command) {
        state = MetadataMachine.apply(state, state.index() + 1, command).state();
    }

    private void register(int id, UUID incarnation) {
        apply(new MetadataCommand.RegisterBroker(
                request(),
                new BrokerId(id),
                incarnation,
                Optional.empty(),
                Map.of("client", new Endpoint("host" + id, 7171)),
                true));
    }

    private RequestId request() {
        return new RequestId(new UUID(7, state.index()));
    }

    private BrokerImage broker(int id) {
        return MetadataImage.of(state).broker(new BrokerId(id)).orElseThrow();
    }

    private void step(Event event) {
        for (var effect : liveness.step(MetadataImage.of(state), event)) {
            switch (effect) {
                case Effect.Answer answer -> answers.add(answer);
                case Effect.EndLife life -> ended.add(life);
                case Effect.Propose propose -> proposals.add(propose);
            }
        }
    }

    /// Lets all proposals be committed.
    private void commit() {
        for (var propose : List.copyOf(proposals)) {
            proposals.remove(propose);
            apply(command(propose));
            step(new Event.ProposalEnded(propose.broker()));
        }
    }

    private MetadataCommand command(Effect.Propose propose) {
        return switch (propose.step()) {
            case FENCE -> new MetadataCommand.FenceBroker(request(), propose.broker(), propose.epoch());
            case UNFENCE -> new MetadataCommand.UnfenceBroker(request(), propose.broker(), propose.epoch());
            case DRAIN -> new MetadataCommand.DrainBroker(request(), propose.broker(), propose.epoch());
        };
    }

    private void beat(long stream, long now, int id, Wish wish) {
        var broker = broker(id);
        step(new Event.Heard(stream, now, broker.id(), broker.epoch(), broker.incarnation(), state.index(), wish));
    }

    private void inService(int id, long stream, long now) {
        register(id, new UUID(0, id));
        beat(stream, now, id, Wish.SERVE);
        commit();
        assertFalse(broker(id).fenced());
    }

    @Test
    void aBrokerThatIsBehindIsNotPutIntoService() {
        step(new Event.Activated(0));
        register(1, new UUID(0, 1));
        register(2, new UUID(0, 2));
        var broker = broker(1);
        step(new Event.Heard(1, 0, ONE, broker.epoch(), broker.incarnation(), 1, Wish.SERVE));
        assertEquals(List.of(), proposals);
        assertTrue(answers.getLast().fenced());
        assertEquals(20, answers.getLast().nextHeartbeatMillis());
        step(new Event.Heard(1, 20, ONE, broker.epoch(), broker.incarnation(), 2, Wish.SERVE));
        assertEquals(List.of(new Effect.Propose(ONE, broker.epoch(), Step.UNFENCE)), proposals);
        commit();
        beat(1, 40, 1, Wish.SERVE);
        assertFalse(answers.getLast().fenced());
        assertEquals(500, answers.getLast().nextHeartbeatMillis());
    }

    @Test
    void aBrokenStreamHasAGrace() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        step(new Event.StreamBroken(1, 100));
        step(new Event.Tick(399));
        assertEquals(List.of(), proposals);
        step(new Event.Tick(400));
        assertEquals(List.of(new Effect.Propose(ONE, broker(1).epoch(), Step.FENCE)), proposals);
        step(new Event.Tick(450));
        assertEquals(1, proposals.size(), "one proposal at a time");
        commit();
        assertTrue(broker(1).fenced());
        beat(2, 500, 1, Wish.SERVE);
        commit();
        assertFalse(broker(1).fenced());
    }

    @Test
    void aStreamThatComesBackInTimeIsNoMatter() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        beat(2, 100, 1, Wish.SERVE);
        step(new Event.StreamBroken(1, 150)); // The old one, after the new one.
        step(new Event.StreamBroken(2, 200));
        beat(3, 450, 1, Wish.SERVE);
        step(new Event.Tick(1_000));
        assertEquals(List.of(), proposals);
    }

    @Test
    void silenceEndsASession() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        for (long now = 50; now < 3_000; now += 50) {
            step(new Event.Tick(now));
        }
        assertEquals(List.of(), proposals);
        step(new Event.Tick(3_000));
        assertEquals(Step.FENCE, proposals.getFirst().step());
    }

    @Test
    void aFreshControllerGivesAThirdOfASession() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        step(new Event.Deactivated());
        step(new Event.Tick(50_000));
        step(new Event.Activated(100_000));
        for (long now = 100_050; now < 101_000; now += 50) {
            step(new Event.Tick(now));
        }
        assertEquals(List.of(), proposals);
        step(new Event.Tick(101_000));
        assertEquals(1, proposals.size());
    }

    @Test
    void theLastThatAFreshControllerWaitsForHasTheGraceOnly() {
        step(new Event.Activated(0));
        for (int id = 1; id <= 3; id++) {
            inService(id, id, 0);
        }
        step(new Event.Deactivated());
        step(new Event.Activated(100_000));
        beat(4, 100_100, 1, Wish.SERVE);
        step(new Event.Tick(100_500));
        assertEquals(List.of(), proposals);
        beat(5, 100_550, 2, Wish.SERVE);
        for (long now = 100_550; now < 100_850; now += 50) {
            step(new Event.Tick(now));
            assertEquals(List.of(), proposals);
        }
        step(new Event.Tick(100_850));
        assertEquals(new BrokerId(3), proposals.getFirst().broker());
        assertEquals(1, proposals.size());
    }

    @Test
    void aControllerThatStoodStillBlamesNobody() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        step(new Event.Tick(50));
        step(new Event.Tick(60_000));
        assertEquals(List.of(), proposals);
        beat(1, 60_010, 1, Wish.SERVE);
        step(new Event.Tick(60_050));
        assertEquals(List.of(), proposals);
    }

    @Test
    void aFreshControllerThatStoodStillHurriesNobody() {
        step(new Event.Activated(0));
        for (int id = 1; id <= 3; id++) {
            inService(id, id, 0);
        }
        step(new Event.Deactivated());
        step(new Event.Activated(100_000));
        beat(4, 100_100, 1, Wish.SERVE);
        beat(5, 100_100, 2, Wish.SERVE);
        step(new Event.Tick(102_000));
        step(new Event.Tick(102_500));
        assertEquals(List.of(), proposals);
        beat(6, 102_600, 3, Wish.SERVE);
        step(new Event.Tick(102_650));
        assertEquals(List.of(), proposals);
    }

    @Test
    void aDrainEndsInAStop() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        beat(1, 100, 1, Wish.DRAIN);
        assertFalse(answers.getLast().mayStop());
        commit();
        assertTrue(broker(1).draining());
        beat(1, 120, 1, Wish.DRAIN);
        assertTrue(answers.getLast().mayStop(), "nobody else could lead what it leads");
        beat(1, 140, 1, Wish.STOP);
        commit();
        assertTrue(broker(1).fenced());
        beat(1, 160, 1, Wish.STOP);
        assertTrue(answers.getLast().fenced());
        assertEquals(List.of(), proposals);
    }

    @Test
    void anOperatorsDrainIsNotCalledOff() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        apply(new MetadataCommand.DrainBroker(request(), ONE, broker(1).epoch()));
        apply(new MetadataCommand.FenceBroker(request(), ONE, broker(1).epoch()));
        beat(1, 100, 1, Wish.SERVE);
        assertEquals(List.of(), proposals);
    }

    @Test
    void anEarlierLifeIsOver() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        var before = broker(1);
        register(1, new UUID(0, 99));
        step(new Event.Heard(1, 10, ONE, before.epoch(), before.incarnation(), 1, Wish.SERVE));
        assertEquals(1, ended.getFirst().stream());
        step(new Event.Heard(2, 10, new BrokerId(5), new BrokerEpoch(1), new UUID(0, 5), 1, Wish.SERVE));
        assertEquals(2, ended.getLast().stream());
    }

    @Test
    void aLivingBrokerKeepsItsPlace() {
        step(new Event.Activated(0));
        inService(1, 1, 0);
        var image = MetadataImage.of(state);
        var other = new UUID(0, 99);
        assertTrue(liveness.registrationBarrier(image, ONE, other, 100).isPresent());
        assertTrue(liveness.registrationBarrier(image, ONE, new UUID(0, 1), 100).isEmpty());
        assertTrue(
                liveness.registrationBarrier(image, new BrokerId(2), other, 100).isEmpty());
        step(new Event.StreamBroken(1, 100));
        assertTrue(liveness.registrationBarrier(image, ONE, other, 399).isPresent());
        assertTrue(liveness.registrationBarrier(image, ONE, other, 400).isEmpty());
    }

    /// Whatever happens, a broker that is heard of in time stays in service, one that is not leaves it in time, and
    /// each that is well comes back.
    @Test
    void whoIsHeardOfServesAndWhoIsNotDoesNot() {
        int fenced = 0;
        for (long seed = 0; seed < 300; seed++) {
            fenced += new Simulation(seed).run();
        }
        assertTrue(fenced > 300, "fenced: " + fenced);
    }

    /// One controller that changes its mind about being active, brokers that come, go and fall silent, and proposals
    /// that take their time or are lost.
    private final class Simulation {
        private static final long STEP_MILLIS = 25;
        private final long seed;
        private final Random random;
        private final BrokerLiveness machine = new BrokerLiveness(TIMES);
        private final Map<Integer, Long> streams = new HashMap<>();
        private final Map<Integer, Long> lastBeat = new HashMap<>();
        private final List<Effect.Propose> underWay = new ArrayList<>();
        private long nextStream;
        private boolean active;
        private long activeSince;

        Simulation(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            state = MetadataState.EMPTY;
            for (int id = 1; id <= 4; id++) {
                register(id, new UUID(seed, id));
            }
        }

        int run() {
            int fences = 0;
            for (long now = 0; now < 30_000; now += STEP_MILLIS) {
                if (random.nextInt(200) == 0 || now == 0) {
                    active = !active || now == 0;
                    activeSince = now;
                    streams.clear();
                    step(active ? new Event.Activated(now) : new Event.Deactivated());
                }
                if (active) {
                    brokers(now);
                    step(new Event.Tick(now));
                }
                fences += proposals();
                check(now);
            }
            return fences;
        }

        private void step(Event event) {
            for (var effect : machine.step(MetadataImage.of(state), event)) {
                if (effect instanceof Effect.Propose propose) {
                    underWay.add(propose);
                }
            }
        }

        private void brokers(long now) {
            for (int id = 1; id <= 4; id++) {
                // Broker 1 is always well; the others are silent for some seconds now and then.
                boolean silent = id > 1 && (now / 5_000 + id + seed) % 3 == 0;
                if (silent) {
                    var stream = streams.remove(id);
                    if (stream != null && random.nextBoolean()) {
                        step(new Event.StreamBroken(stream, now));
                    }
                } else if (now % 100 == 0) {
                    long stream = streams.computeIfAbsent(id, _ -> ++nextStream);
                    lastBeat.put(id, now);
                    var broker = broker(id);
                    step(new Event.Heard(
                            stream, now, broker.id(), broker.epoch(), broker.incarnation(), state.index(), Wish.SERVE));
                }
            }
        }

        private int proposals() {
            int fences = 0;
            for (var propose : List.copyOf(underWay)) {
                if (random.nextInt(3) == 0) {
                    underWay.remove(propose);
                    if (random.nextInt(4) != 0) {
                        apply(command(propose));
                        fences += propose.step() == Step.FENCE ? 1 : 0;
                    }
                    step(new Event.ProposalEnded(propose.broker()));
                }
            }
            return fences;
        }

        private void check(long now) {
            if (!active || now - activeSince < TIMES.sessionMillis() + 1_500) {
                return;
            }
            assertFalse(broker(1).fenced(), () -> "seed " + seed + ": broker 1 is out of service at " + now);
            for (int id = 2; id <= 4; id++) {
                if (now - lastBeat.getOrDefault(id, 0L) > TIMES.sessionMillis() + 1_500) {
                    int silent = id;
                    assertTrue(broker(id).fenced(), () -> "seed " + seed + ": broker " + silent + " serves at " + now);
                }
            }
        }
    }
}
