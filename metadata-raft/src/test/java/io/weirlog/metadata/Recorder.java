package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataState;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A listener that follows the events and checks that they lead to the images it is shown.
class Recorder implements MetadataListener {
    private static final long WAIT_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

    MetadataImage image = MetadataImage.EMPTY;
    int snapshots;
    private MetadataState followed = MetadataState.EMPTY;

    @Override
    public void onSnapshot(MetadataImage snapshot) {
        synchronized (this) {
            image = snapshot;
            followed = snapshot.state();
            snapshots++;
            notifyAll();
        }
    }

    @Override
    public void onEvents(MetadataImage next, List<MetadataEvent> events) {
        assertFalse(events.isEmpty());
        synchronized (this) {
            for (var event : events) {
                followed = followed.evolve(event);
            }
            image = next;
            notifyAll();
        }
    }

    /// Waits until the topic is known here.
    synchronized void await(String topic) throws InterruptedException {
        long deadline = System.nanoTime() + WAIT_NANOS_MAX;
        while (image.topic(topic).isEmpty()) {
            long nanosLeft = deadline - System.nanoTime();
            assertFalse(nanosLeft <= 0, () -> "no topic " + topic + " in time: " + image);
            TimeUnit.NANOSECONDS.timedWait(this, nanosLeft);
        }
        assertEquals(describe(image.state()), describe(followed), "the events do not lead to the image");
    }

    private static String describe(MetadataState state) {
        return state.brokers().values() + " " + List.copyOf(state.topics().byNames());
    }
}
