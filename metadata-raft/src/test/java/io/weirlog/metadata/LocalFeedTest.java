package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataState;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LocalFeedTest {
    private final LocalFeed feed = new LocalFeed();
    private final Recorder heard = new Recorder();
    private MetadataState state = MetadataState.EMPTY;

    @BeforeEach
    void registerABroker() {
        apply(Commands.register(1));
    }

    @AfterEach
    void close() {
        feed.close();
    }

    @Test
    void aSnapshotThenTheEvents() throws Exception {
        apply(Commands.create("before", 1, 1));
        feed.subscribe(heard);
        heard.await("before");
        apply(Commands.create("after", 1, 1));
        heard.await("after");
        assertEquals(1, heard.snapshots);
        assertEquals(state.index(), feed.image().index());
    }

    @Test
    void aCommandWithoutEventsMovesTheImage() {
        apply(Commands.delete("none"));
        assertEquals(state.index(), feed.image().index());
    }

    @Test
    void aResetIsASnapshot() throws Exception {
        feed.subscribe(heard);
        apply(Commands.create("first", 1, 1));
        heard.await("first");
        state = MetadataMachine.apply(state, state.index() + 1, Commands.create("unseen", 1, 1))
                .state();
        feed.reset(state);
        heard.await("unseen");
        assertEquals(2, heard.snapshots);
    }

    @Test
    void aListenerTooFarBehindGetsASnapshot() throws Exception {
        var blocked = new Blocked();
        feed.subscribe(blocked);
        assertTrue(blocked.entered.await(10, TimeUnit.SECONDS));
        for (int i = 0; i <= LocalFeed.QUEUE_CHANGES_MAX; i++) {
            apply(Commands.create("churn", 1, 1));
            apply(Commands.delete("churn"));
        }
        apply(Commands.create("last", 1, 1));
        blocked.release.countDown();
        blocked.await("last");
        assertEquals(2, blocked.snapshots);
    }

    @Test
    void aListenerThatThrowsGetsASnapshotWithTheNextChange() throws Exception {
        var failing = new Failing();
        feed.subscribe(failing);
        feed.subscribe(heard);
        // Past their first snapshots, which would bear the bad topic.
        apply(Commands.create("before", 1, 1));
        failing.await("before");
        heard.await("before");
        apply(Commands.create("bad", 1, 1));
        heard.await("bad");
        apply(Commands.create("good", 1, 1));
        heard.await("good");
        failing.await("good");
        assertTrue(failing.failed);
    }

    @Test
    void closingEndsTheCalls() {
        feed.subscribe(heard);
        feed.close();
        apply(Commands.create("late", 1, 1));
        assertFalse(heard.image.topic("late").isPresent());
    }

    private void apply(MetadataCommand command) {
        var applied = MetadataMachine.apply(state, state.index() + 1, command);
        state = applied.state();
        feed.publish(state, applied.events());
    }

    /// Stays in its first call until it is released.
    private static final class Blocked extends Recorder {
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch release = new CountDownLatch(1);

        @Override
        public void onSnapshot(MetadataImage snapshot) {
            entered.countDown();
            try {
                assertTrue(release.await(10, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            super.onSnapshot(snapshot);
        }
    }

    /// Cannot bear a topic of the name "bad", unless it is in a snapshot.
    private static final class Failing extends Recorder {
        volatile boolean failed;

        @Override
        public void onEvents(MetadataImage next, List<MetadataEvent> events) {
            if (next.topic("bad").isPresent() && next.topic("good").isEmpty()) {
                failed = true;
                throw new IllegalStateException("as the test wants it");
            }
            super.onEvents(next, events);
        }
    }
}
