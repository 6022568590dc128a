package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import java.util.HashMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StickyPartitionsTest {
    private final StickyPartitions sticky = new StickyPartitions(count -> count - 1);

    private static TopicMetadata topic(int partitions, int... led) {
        var leaders = new HashMap<Integer, LeaderDescription>();
        for (var partition : led) {
            leaders.put(partition, new LeaderDescription(new BrokerId(1), new LeaderEpoch(0), "127.0.0.1:7171"));
        }
        return new TopicMetadata("t", new TopicId(new UUID(0, 1)), partitions, leaders);
    }

    @Test
    void staysUntilABatchIsNeeded() {
        var topic = topic(3, 0, 1, 2);
        assertEquals(2, sticky.current(topic));
        assertEquals(2, sticky.current(topic));
        assertEquals(0, sticky.next(topic, 2));
        assertEquals(0, sticky.current(topic));
        assertEquals(1, sticky.next(topic, 0));
        assertEquals(2, sticky.next(topic, 1));
    }

    @Test
    void followsAnotherThreadInsteadOfSkippingAPartition() {
        var topic = topic(3, 0, 1, 2);
        sticky.current(topic);
        assertEquals(0, sticky.next(topic, 2));
        assertEquals(0, sticky.next(topic, 2), "the partition that the first call chose");
    }

    @Test
    void passesOverPartitionsWithoutALeader() {
        var topic = topic(4, 1, 3);
        sticky.current(topic);
        assertEquals(1, sticky.next(topic, 3));
        assertEquals(3, sticky.next(topic, 1));
    }

    @Test
    void takesTurnsWhenNoneHasALeader() {
        var topic = topic(2);
        assertEquals(1, sticky.current(topic));
        assertEquals(0, sticky.next(topic, 1));
    }

    @Test
    void staysWithinATopicThatBecameSmaller() {
        assertEquals(2, sticky.current(topic(3, 0, 1, 2)));
        assertEquals(0, sticky.current(topic(2, 0, 1)));
    }
}
