package io.weirlog.replication.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Durability;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.EpochEnd;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Which records a leader lets go by request.
class DeletionVerdictTest {
    private static final BrokerId SELF = new BrokerId(1);
    private static final BrokerId FOLLOWER = new BrokerId(2);
    private static final LeaderEpoch EPOCH = new LeaderEpoch(3);
    private static final StreamSession SESSION = new StreamSession(1);

    private final Log log = new Log();

    /// A log of nothing but its ends, all of it of the leader's epoch.
    private static final class Log implements LogOutline {
        long start = 10;
        long end = 100;

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
            return new Offset(end);
        }

        @Override
        public Offset syncedEnd() {
            return end();
        }

        @Override
        public Optional<LeaderEpoch> latestEpoch() {
            return Optional.of(EPOCH);
        }

        @Override
        public Optional<LeaderEpoch> earliestEpoch() {
            return Optional.of(EPOCH);
        }

        @Override
        public EpochEnd endOfEpoch(LeaderEpoch epoch) {
            return new EpochEnd(EPOCH, end());
        }
    }

    /// Takes over the log of 100 records, of which it knows that 60 counted.
    private LeaderPartition leader(BrokerId... replicas) {
        var standing = new PartitionMetadata.Standing(new BrokerEpoch(1), true);
        var all = List.of(replicas);
        var metadata = new PartitionMetadata(EPOCH, 0, all, all, 1, Map.of(SELF, standing, FOLLOWER, standing));
        var leader = new LeaderPartition(
                new LeaderPartition.Terms(SELF, Durability.PAGE_CACHE, 1_000), metadata, log, new Offset(60), 0);
        leader.start();
        return leader;
    }

    private static Optional<Offset> before(long offset) {
        return Optional.of(new Offset(offset));
    }

    @Test
    void whatReadersCanSeeMayGo() {
        var leader = leader(SELF);
        assertEquals(new Offset(100), leader.highWatermark());
        assertEquals(new DeletionVerdict.Delete(new Offset(11)), leader.judgeDeletion(before(11)));
        assertEquals(new DeletionVerdict.Delete(new Offset(100)), leader.judgeDeletion(before(100)));
        assertEquals(new DeletionVerdict.Delete(new Offset(100)), leader.judgeDeletion(Optional.empty()));
        assertEquals(
                new DeletionVerdict.BeyondHighWatermark(new Offset(10), new Offset(100)),
                leader.judgeDeletion(before(101)));
        assertEquals(
                new DeletionVerdict.BeyondHighWatermark(new Offset(10), new Offset(100)),
                leader.judgeDeletion(before(Long.MAX_VALUE)));
    }

    @Test
    void whatIsGoneIsGone() {
        var leader = leader(SELF);
        assertEquals(new DeletionVerdict.AlreadyGone(new Offset(10)), leader.judgeDeletion(before(10)));
        assertEquals(new DeletionVerdict.AlreadyGone(new Offset(10)), leader.judgeDeletion(before(0)));
        log.start = 100;
        assertEquals(new DeletionVerdict.AlreadyGone(new Offset(100)), leader.judgeDeletion(Optional.empty()));
    }

    /// Its predecessor's watermark may have been anywhere up to the end of what it left.
    @Test
    void aNewLeaderDeletesNoFurtherThanItKnows() {
        var leader = leader(SELF, FOLLOWER);
        assertEquals(new Offset(60), leader.highWatermark());
        assertEquals(new DeletionVerdict.EndUnknown(), leader.judgeDeletion(Optional.empty()));
        assertEquals(new DeletionVerdict.EndUnknown(), leader.judgeDeletion(before(61)));
        assertEquals(new DeletionVerdict.Delete(new Offset(60)), leader.judgeDeletion(before(60)));
        acknowledge(leader, 100);
        assertEquals(new DeletionVerdict.Delete(new Offset(100)), leader.judgeDeletion(Optional.empty()));
        log.end = 120;
        leader.step(new LeaderEvent.Appended());
        assertEquals(
                new DeletionVerdict.BeyondHighWatermark(new Offset(10), new Offset(100)),
                leader.judgeDeletion(before(101)));
    }

    @Test
    void thoseWhoFollowAreToldOfTheNewStart() {
        var leader = leader(SELF, FOLLOWER);
        acknowledge(leader, 100);
        log.start = 42;
        assertEquals(
                List.of(new LeaderEffect.Answer(
                        FOLLOWER,
                        new LeaderMessage.Moved(SESSION, new LeaderMessage.Progress(new Offset(100), new Offset(42))))),
                leader.step(new LeaderEvent.LogStartMoved()));
    }

    private static void acknowledge(LeaderPartition leader, long end) {
        leader.step(new LeaderEvent.FollowerOpened(
                FOLLOWER,
                new FollowerMessage.Open(SESSION, EPOCH, new BrokerEpoch(1), Optional.of(EPOCH), new Offset(end))));
        leader.step(new LeaderEvent.FollowerAcked(FOLLOWER, new FollowerMessage.Ack(SESSION, new Offset(end))));
    }
}
