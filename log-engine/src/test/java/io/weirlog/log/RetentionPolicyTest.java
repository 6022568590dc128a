package io.weirlog.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RetentionPolicyTest {
    private static final long NOW = TestLogs.NOW;
    private static final LogConfig BY_TIME =
            LogConfig.builder().retentionMillis(OptionalLong.of(1000)).build();
    private static final LogConfig BY_SIZE = LogConfig.builder()
            .retentionMillis(OptionalLong.empty())
            .retentionBytes(OptionalLong.of(250))
            .build();
    private static final long NO_TIME = -1;

    /// Segments of a hundred bytes and ten offsets each, with these latest times.
    private static int expired(LogConfig config, long nowMillis, long highWatermark, long... latestMillis) {
        var segments = new ArrayList<RetentionPolicy.SegmentExtent>();
        for (var i = 1; i <= latestMillis.length; i++) {
            segments.add(new RetentionPolicy.SegmentExtent(i * 10L, 100));
        }
        try {
            return new RetentionPolicy(config)
                    .expiredSegments(
                            List.copyOf(segments),
                            i -> latestMillis[i] < 0 ? OptionalLong.empty() : OptionalLong.of(latestMillis[i]),
                            nowMillis,
                            nowMillis,
                            highWatermark);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatIsTooOldGoes() {
        assertEquals(0, expired(BY_TIME, NOW, 40, NOW - 1000, NOW - 900, NOW));
        assertEquals(1, expired(BY_TIME, NOW, 40, NOW - 1001, NOW - 900, NOW));
        assertEquals(2, expired(BY_TIME, NOW, 40, NOW - 2001, NOW - 1001, NOW));
        assertEquals(3, expired(BY_TIME, NOW, 40, NOW - 3001, NOW - 2001, NOW - 1001));
        // Only the oldest: a younger one before an older one keeps both.
        assertEquals(0, expired(BY_TIME, NOW, 40, NOW - 10, NOW - 5000, NOW));
    }

    @Test
    void nothingBeyondTheHighWatermarkGoes() {
        assertEquals(0, expired(BY_TIME, NOW, 9, NOW - 5000, NOW - 5000, NOW - 5000));
        assertEquals(1, expired(BY_TIME, NOW, 19, NOW - 5000, NOW - 5000, NOW - 5000));
        assertEquals(1, expired(BY_SIZE, NOW, 15, 0, 0, 0, 0, 0));
    }

    @Test
    void aTimeFromTheFutureOrNoneIsThatOfTheNextSegment() {
        assertEquals(2, expired(BY_TIME, NOW, 40, NOW + 9999, NOW - 1001, NOW - 1000));
        assertEquals(2, expired(BY_TIME, NOW, 40, NO_TIME, NOW - 1001, NOW - 1000));
        assertEquals(0, expired(BY_TIME, NOW, 40, NOW + 9999, NOW - 1000, NOW));
        // A clock that was set back by days takes all for the future.
        assertEquals(0, expired(BY_TIME, NOW - 864_000_000, 40, NOW - 3, NOW - 2, NOW - 1));
        assertEquals(0, expired(BY_TIME, NOW, 40, NO_TIME, NO_TIME, NO_TIME));
    }

    @Test
    void whatIsTooMuchGoesButNeverTheLast() {
        assertEquals(0, expired(BY_SIZE, NOW, 90, 0, 0, 0));
        assertEquals(1, expired(BY_SIZE, NOW, 90, 0, 0, 0, 0));
        assertEquals(3, expired(BY_SIZE, NOW, 90, 0, 0, 0, 0, 0, 0));
        var nothing = LogConfig.builder().retentionBytes(OptionalLong.of(0)).build();
        assertEquals(1, expired(nothing, NOW, 90, NOW, NOW));
        assertEquals(0, expired(nothing, NOW, 90, NOW));
    }

    @Test
    void aLogThatIsOnlyCompactedKeepsAll() {
        var compacted = LogConfig.builder()
                .deleting(false)
                .compacted(true)
                .retentionMillis(OptionalLong.of(1))
                .retentionBytes(OptionalLong.of(1))
                .build();
        assertEquals(0, expired(compacted, NOW, 90, 1, 1, 1));
    }

    @Test
    void aClockThatJumpsIsBelievedAnHourAtATime() {
        var hour = RetentionClock.STEP_MILLIS_MAX;
        var clock = new RetentionClock();
        assertEquals(NOW, clock.trustedNow(NOW, NOW - 5));
        assertEquals(NOW + 300_000, clock.trustedNow(NOW + 300_000, NOW - 5));
        assertEquals(NOW + 300_000 + hour, clock.trustedNow(NOW + 240 * hour, NOW - 5));
        assertEquals(NOW + 300_000 + 2 * hour, clock.trustedNow(NOW + 240 * hour, NOW - 5));
        assertEquals(NOW, clock.trustedNow(NOW, NOW - 5));
        // A wrong clock right from the start.
        assertEquals(NOW + hour, new RetentionClock().trustedNow(NOW + 240 * hour, NOW));
    }
}
