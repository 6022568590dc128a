package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Offset;
import io.weirlog.log.CompactionPolicy.Extent;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CompactionPolicyTest {
    private static final long HOUR = 3_600_000;

    private static CompactionPolicy policy(Map<String, String> configs) {
        return new CompactionPolicy(LogConfig.fromTopicConfig(configs));
    }

    private static Extent extent(long base, long end, int sizeBytes) {
        return new Extent(base, end, sizeBytes, 8, 12);
    }

    @Test
    void neighboursBecomeOneAsFarAsTheyFit() {
        var policy = policy(Map.of("segment.bytes", "1000"));
        var a = extent(0, 10, 400);
        var b = extent(10, 20, 600);
        var c = extent(20, 30, 1);
        var d = extent(30, 40, 2000);
        var e = extent(40, 50, 0);
        assertEquals(List.of(List.of(a, b), List.of(c), List.of(d), List.of(e)), policy.group(List.of(a, b, c, d, e)));
        assertEquals(List.of(), policy.group(List.of()));
    }

    @Test
    void theIndexesOfAGroupFit() {
        var policy = policy(Map.of("segment.index.bytes", "100"));
        var byOffset = List.of(new Extent(0, 1, 1, 60, 0), new Extent(1, 2, 1, 60, 0), new Extent(2, 3, 1, 40, 0));
        assertEquals(List.of(byOffset.subList(0, 1), byOffset.subList(1, 3)), policy.group(byOffset));
        var byTime = List.of(new Extent(0, 1, 1, 0, 60), new Extent(1, 2, 1, 0, 60));
        assertEquals(List.of(byTime.subList(0, 1), byTime.subList(1, 2)), policy.group(byTime));
    }

    /// KAFKA-6264: in a sparse log few bytes can span more offsets than an index entry can tell.
    @Test
    void aGroupSpansAtMostTwoToThe31Offsets() {
        var policy = policy(Map.of());
        var a = extent(5, 1L << 30, 10);
        var fits = extent(1L << 30, 5 + (1L << 31), 10);
        var beyond = extent(5 + (1L << 31), 6 + (1L << 31), 10);
        assertEquals(List.of(List.of(a, fits), List.of(beyond)), policy.group(List.of(a, fits, beyond)));
        var sparse = extent(0, 1L << 40, 10);
        var next = extent(1L << 40, (1L << 40) + 1, 10);
        assertEquals(List.of(List.of(sparse), List.of(next)), policy.group(List.of(sparse, next)));
    }

    @Test
    void whatIsBeyondTheCleanPointOrTooYoungStays() throws Exception {
        var ends = List.of(10L, 20L, 30L, 40L);
        var now = 1000 * HOUR;
        var none = (CompactionPolicy.LatestTimestamps) segment -> OptionalLong.empty();
        assertEquals(4, policy(Map.of()).cleanableSegments(ends, 1, 40, none, now));
        assertEquals(3, policy(Map.of()).cleanableSegments(ends, 1, 39, none, now));
        assertEquals(2, policy(Map.of()).cleanableSegments(ends, 2, 5, none, now));
        var lag = policy(Map.of("min.compaction.lag.ms", Long.toString(HOUR)));
        assertEquals(3, lag.cleanableSegments(ends, 0, 40, i -> OptionalLong.of(now - (4 - i) * HOUR + HOUR), now));
        assertEquals(4, lag.cleanableSegments(ends, 0, 40, none, now));
    }

    @Test
    void aLogIsDueByItsRatioOrItsAge() {
        var config = LogConfig.fromTopicConfig(
                Map.of("min.cleanable.dirty.ratio", "0.5", "max.compaction.lag.ms", Long.toString(HOUR)));
        var policy = new CompactionPolicy(config);
        assertTrue(policy.isOverdue(OptionalLong.of(0), HOUR + 1));
        assertFalse(policy.isOverdue(OptionalLong.of(0), HOUR));
        assertFalse(policy.isOverdue(OptionalLong.empty(), HOUR + 1));
        assertTrue(need(40, 60, false).isDue(config.compaction()));
        assertFalse(need(50, 50, false).isDue(config.compaction()));
        assertTrue(need(90, 10, true).isDue(config.compaction()));
        assertFalse(need(90, 0, true).isDue(config.compaction()));
        assertEquals(
                HOUR,
                LogConfig.fromTopicConfig(
                                Map.of("max.compaction.lag.ms", Long.toString(HOUR), "cleanup.policy", "compact"))
                        .rollMillis());
    }

    private static CompactionNeed need(long cleanBytes, long dirtyBytes, boolean overdue) {
        return new CompactionNeed(cleanBytes, dirtyBytes, Offset.ZERO, new Offset(10), overdue);
    }
}
