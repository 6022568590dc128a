package io.weirlog.replication.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.EpochEnd;
import io.weirlog.replication.core.FollowerMessage.Open;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// However two logs came to differ, a follower's ends as a prefix of its leader's, and keeps what both have.
class DivergenceTest {
    /// A log as the list of its records' epochs.
    private static final class Log implements LogOutline {
        final List<Integer> epochs = new ArrayList<>();
        long start;

        @Override
        public Offset start() {
            return new Offset(start);
        }

        @Override
        public Offset batchAt(Offset offset) {
            return offset;
        }

        @Override
        public Offset end() {
            return new Offset(start + epochs.size());
        }

        @Override
        public Offset syncedEnd() {
            return end();
        }

        @Override
        public Optional<LeaderEpoch> latestEpoch() {
            return epochs.isEmpty() ? Optional.empty() : Optional.of(new LeaderEpoch(epochs.getLast()));
        }

        @Override
        public Optional<LeaderEpoch> earliestEpoch() {
            return epochs.isEmpty() ? Optional.empty() : Optional.of(new LeaderEpoch(epochs.getFirst()));
        }

        @Override
        public EpochEnd endOfEpoch(LeaderEpoch asked) {
            var end = epochs.size();
            while (end > 0 && epochs.get(end - 1) > asked.value()) {
                end--;
            }
            var found = end == 0 ? asked : new LeaderEpoch(epochs.get(end - 1));
            return new EpochEnd(found, new Offset(start + end));
        }

        int at(long offset) {
            return epochs.get((int) (offset - start));
        }

        void cutTo(Offset end) {
            while (!epochs.isEmpty() && end().isAfter(end)) {
                epochs.removeLast();
            }
        }
    }

    @Test
    void aFollowerBecomesAPrefix() {
        for (var seed = 0; seed < 20_000; seed++) {
            var random = new Random(seed);
            var leader = new Log();
            var follower = new Log();
            grow(leader, follower, random);
            // Records of one epoch have one writer: what both have of it is the same.
            var common = 0L;
            while (common < Math.min(leader.end().value(), follower.end().value())
                    && leader.at(common) == follower.at(common)) {
                common++;
            }
            var deleted = random.nextInt(3) == 0 ? random.nextInt(leader.epochs.size() + 1) : 0;
            leader.epochs.subList(0, deleted).clear();
            leader.start = deleted;
            var rounds = follow(leader, follower);
            var message = "seed " + seed;
            assertTrue(rounds < 12, message + ": rounds " + rounds);
            for (var offset = Math.max(leader.start, follower.start);
                    offset < follower.end().value();
                    offset++) {
                assertEquals(leader.at(offset), follower.at(offset), message);
            }
            if (deleted == 0) {
                assertEquals(common, follower.end().value(), message);
            }
        }
    }

    /// Both from the same beginning; then each is written by other leaders' epochs.
    private static void grow(Log leader, Log follower, Random random) {
        var epoch = 0;
        for (var i = random.nextInt(6); i > 0; i--) {
            epoch += random.nextInt(2);
            leader.epochs.add(epoch);
            follower.epochs.add(epoch);
        }
        for (var i = random.nextInt(8); i > 0; i--) {
            epoch += 1;
            var log = random.nextBoolean() ? leader : follower;
            for (var j = 1 + random.nextInt(3); j > 0; j--) {
                log.epochs.add(epoch);
            }
        }
    }

    private static int follow(Log leader, Log follower) {
        var terms = new FollowerPartition.Terms(new LeaderEpoch(100), new BrokerEpoch(1), Durability.PAGE_CACHE, 100);
        var role = new FollowerPartition(terms, follower, Offset.ZERO, new StreamSession(0), 0);
        var effects = role.step(new FollowerEvent.Connected());
        var rounds = 0;
        while (!role.isFollowing()) {
            rounds++;
            for (var effect : effects) {
                effects = switch (effect) {
                    case FollowerEffect.Send(Open open) -> role.step(answer(leader, open));
                    case FollowerEffect.CutLog(var end) -> {
                        follower.cutTo(end);
                        yield role.step(new FollowerEvent.LogCut());
                    }
                    case FollowerEffect.StartLogAt(var start) -> {
                        follower.epochs.clear();
                        follower.start = start.value();
                        yield role.step(new FollowerEvent.LogCut());
                    }
                    default -> effects;
                };
            }
        }
        return rounds;
    }

    private static FollowerEvent answer(Log leader, Open open) {
        var session = open.session();
        return new FollowerEvent.Received(
                switch (DivergenceCheck.of(leader, open.lastEpoch(), open.logEnd())) {
                    case DivergenceCheck.Prefix() ->
                        new LeaderMessage.Accepted(session, new LeaderMessage.Progress(Offset.ZERO, leader.start()));
                    case DivergenceCheck.Diverged(var epoch, var end) ->
                        new LeaderMessage.Diverged(session, epoch, end);
                    case DivergenceCheck.StartOver(var start) -> new LeaderMessage.StartOver(session, start);
                });
    }
}
