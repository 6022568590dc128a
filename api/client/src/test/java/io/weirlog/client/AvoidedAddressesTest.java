package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AvoidedAddressesTest {
    private final Address broker = new Address("b", 1);
    private final AvoidedAddresses avoided = new AvoidedAddresses();

    private long avoidedSeconds(long fromSecond) {
        var second = fromSecond;
        while (!avoided.isWorthTrying(broker, Duration.ofSeconds(second).toNanos())) {
            second++;
        }
        return second - fromSecond;
    }

    @Test
    void avoidsForLongerAndLongerUpToABound() {
        for (var expected : new long[] {5, 10, 20, 40, 80, 160, 320, 320, 320}) {
            avoided.failed(broker, 0);
            assertEquals(expected, avoidedSeconds(0));
        }
    }

    @Test
    void forgetsFailuresOnceReached() {
        avoided.failed(broker, 0);
        avoided.failed(broker, 0);
        avoided.reached(broker);
        assertTrue(avoided.isWorthTrying(broker, 0));
        avoided.failed(broker, 0);
        assertEquals(5, avoidedSeconds(0));
    }

    @Test
    void otherBrokersAreNotConcerned() {
        avoided.failed(broker, 0);
        assertTrue(avoided.isWorthTrying(new Address("b", 2), 0));
        assertFalse(avoided.isWorthTrying(broker, 0));
    }
}
