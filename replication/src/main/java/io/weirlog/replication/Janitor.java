package io.weirlog.replication;

import io.weirlog.log.DelayedTasks;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread for what is done every now and then, such as looking for files to delete, and for what is done some time
/// later, such as deleting files that left their logs.
final class Janitor implements DelayedTasks {
    private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-janitor").factory());

    /// Runs the task again and again, for the first time after as long as between two of its runs.
    void every(long millis, Runnable task) {
        var _ = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (RuntimeException e) {
                        // The next one must come all the same.
                        LOG.error("a periodic task failed", e);
                    }
                },
                millis,
                millis,
                TimeUnit.MILLISECONDS);
    }

    @Override
    public void schedule(Runnable task, long delayMillis) {
        if (!thread.isShutdown()) {
            var _ = thread.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
        }
    }

    /// Begins nothing more, and interrupts what is being done.
    void stop() {
        thread.shutdownNow();
    }
}
