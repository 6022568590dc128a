package io.weirlog.replication;

import io.weirlog.common.Offset;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Readers that wait for records: each is woken once, when the high watermark passes the offset that it waits at, or
/// when
/// the partition's role ends. Any thread may add and cancel; the owner wakes.
final class WatermarkWatchers {
    private static final Logger LOG = LoggerFactory.getLogger(WatermarkWatchers.class);

    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();

    /// One reader's wish to be woken.
    static final class Watch {
        private final Offset at;
        private final Runnable wake;
        private final AtomicBoolean done = new AtomicBoolean();

        Watch(Offset at, Runnable wake) {
            this.at = at;
            this.wake = wake;
        }

        /// Wakes unless that has happened; true, as the watch is over either way.
        private boolean fire() {
            if (done.compareAndSet(false, true)) {
                try {
                    wake.run();
                } catch (RuntimeException e) {
                    // A reader that is going away must not stop the partition.
                    LOG.warn("a reader could not be woken", e);
                }
            }
            return true;
        }
    }

    /// The caller must look at the watermark again after this: a step in between woke nobody.
    Watch add(Offset at, Runnable wake) {
        var watch = new Watch(at, wake);
        watches.add(watch);
        return watch;
    }

    void wake(Watch watch) {
        watches.remove(watch);
        var _ = watch.fire();
    }

    void cancel(Watch watch) {
        watch.done.set(true);
        watches.remove(watch);
    }

    int size() {
        return watches.size();
    }

    void advancedTo(Offset highWatermark) {
        watches.removeIf(watch -> highWatermark.isAfter(watch.at) && watch.fire());
    }

    void wakeAll() {
        watches.removeIf(Watch::fire);
    }
}
