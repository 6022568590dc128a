package io.weirlog.replication;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.Durability;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import org.junit.jupiter.api.Test;

class FlushPolicyTest {
    private static final LogConfig CONFIG = LogConfig.builder()
            .durability(Durability.PAGE_CACHE)
            .flushMessages(10)
            .flushMillis(1000)
            .build();

    private final FlushPolicy policy = new FlushPolicy(new Offset(100));

    private boolean isDue(long logEnd, long nowMillis) {
        return policy.isDue(new Offset(logEnd), nowMillis, CONFIG);
    }

    @Test
    void afterSoManyRecords() {
        assertFalse(isDue(100, 0));
        assertFalse(isDue(109, 0));
        assertTrue(isDue(110, 0));
        assertFalse(isDue(110, 0), "once");
        assertFalse(isDue(119, 0));
        assertTrue(isDue(125, 0));
        assertFalse(isDue(134, 0));
    }

    @Test
    void afterSoMuchTimeWithSomethingUnflushed() {
        assertFalse(isDue(100, 5000), "there is nothing to flush");
        assertFalse(isDue(101, 6000));
        assertFalse(isDue(102, 6999));
        assertTrue(isDue(102, 7000));
        assertFalse(isDue(102, 9000));
        assertFalse(isDue(103, 9000));
        assertTrue(isDue(103, 10_000));
    }

    @Test
    void aLogThatWasCutCountsFromItsNewEnd() {
        assertFalse(isDue(109, 0));
        assertFalse(isDue(50, 0));
        assertFalse(isDue(59, 0));
        assertTrue(isDue(60, 0));
    }

    @Test
    void withoutTheConfigsNever() {
        var config = LogConfig.builder().durability(Durability.PAGE_CACHE).build();
        assertFalse(policy.isDue(new Offset(Long.MAX_VALUE), 0, config));
        assertFalse(policy.isDue(new Offset(Long.MAX_VALUE), Long.MAX_VALUE - 1, config));
    }

    @Test
    void withFsyncEverySyncIsWaitedForAnyway() {
        var config = LogConfig.builder().flushMessages(1).flushMillis(0).build();
        assertFalse(policy.isDue(new Offset(200), 0, config));
    }
}
