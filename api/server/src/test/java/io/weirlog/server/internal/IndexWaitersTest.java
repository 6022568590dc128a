package io.weirlog.server.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.core.MetadataState;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class IndexWaitersTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final IndexWaiters waiters = new IndexWaiters(Runnable::run);

    private static MetadataImage image(long index) {
        return MetadataImage.of(MetadataState.EMPTY.followed(index, List.of()));
    }

    @Test
    void whoWaitsIsToldOnceTheIndexIsReached() {
        var third = waiters.reached(3, LONG);
        var fifth = waiters.reached(5, LONG);
        waiters.onEvents(image(4), List.of());
        assertTrue(third.isDone());
        assertEquals(1, waiters.waiting());
        waiters.onSnapshot(image(9));
        assertTrue(fifth.isDone());
        assertTrue(waiters.reached(9, LONG).isDone());
        assertEquals(0, waiters.waiting());
    }

    @Test
    void nobodyIsRememberedBeyondItsTime() {
        var kept = waiters.reached(3, LONG);
        var late = waiters.reached(3, Duration.ofMillis(1));
        var alone = waiters.reached(4, Duration.ofMillis(1));
        for (var expired : List.of(late, alone)) {
            var failure = assertThrows(CompletionException.class, expired::join);
            assertInstanceOf(TimeoutException.class, failure.getCause());
        }
        assertEquals(1, waiters.waiting());
        waiters.onEvents(image(3), List.of());
        assertTrue(kept.isDone());
    }
}
