package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LeaderPartitionTest {
    private static final LeaderEpoch EPOCH = new LeaderEpoch(3);

    @Test
    void fsyncCountsOnlyWhatIsSynced() {
        var leader = new LeaderPartition(EPOCH, Durability.FSYNC, new Offset(10));
        assertEquals(List.of(new PartitionEffect.SyncLog()), leader.step(appended(15)));
        assertEquals(List.of(new PartitionEffect.SyncLog()), leader.step(appended(20)));
        assertEquals(counted(15), leader.step(synced(15)));
        assertEquals(counted(20), leader.step(synced(20)));
        assertEquals(List.of(), leader.step(synced(20)));
    }

    @Test
    void pageCacheCountsWhatIsWritten() {
        var leader = new LeaderPartition(EPOCH, Durability.PAGE_CACHE, new Offset(10));
        assertEquals(counted(15), leader.step(appended(15)));
        assertEquals(List.of(), leader.step(synced(15)));
    }

    @Test
    void aSyncPastTheLogEndIsAContradiction() {
        var leader = new LeaderPartition(EPOCH, Durability.FSYNC, new Offset(10));
        assertThrows(InvariantViolation.class, () -> leader.step(synced(11)));
        assertThrows(InvariantViolation.class, () -> leader.step(appended(9)));
    }

    @ParameterizedTest
    @EnumSource
    void theWatermarkIsTheSafeEndAndNeverGoesBack(Durability durability) {
        for (var seed = 0; seed < 500; seed++) {
            var random = new Random(seed);
            var leader = new LeaderPartition(EPOCH, durability, Offset.ZERO);
            var logEnd = 0L;
            var syncedEnd = 0L;
            var watermark = 0L;
            for (var i = 0; i < 50; i++) {
                List<PartitionEffect> effects;
                if (random.nextBoolean()) {
                    logEnd += 1 + random.nextInt(5);
                    effects = leader.step(appended(logEnd));
                } else {
                    syncedEnd += random.nextLong(logEnd - syncedEnd + 1);
                    effects = leader.step(synced(syncedEnd));
                }
                for (var effect : effects) {
                    if (effect instanceof PartitionEffect.AnnounceHighWatermark(var end)) {
                        assertTrue(end.value() > watermark, "seed " + seed);
                        watermark = end.value();
                    }
                }
                assertEquals(durability == Durability.FSYNC ? syncedEnd : logEnd, watermark, "seed " + seed);
            }
        }
    }

    private static PartitionEvent appended(long end) {
        return new PartitionEvent.Appended(new Offset(end));
    }

    private static PartitionEvent synced(long end) {
        return new PartitionEvent.Synced(new Offset(end));
    }

    private static List<PartitionEffect> counted(long end) {
        return List.of(
                new PartitionEffect.AcknowledgeLocal(new Offset(end)),
                new PartitionEffect.AnnounceHighWatermark(new Offset(end)));
    }
}
