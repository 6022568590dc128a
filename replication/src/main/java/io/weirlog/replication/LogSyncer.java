package io.weirlog.replication;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings logs to stable storage off the shards' threads, so that a shard goes on appending while the disk works: the
/// next sync then covers all that came meanwhile (group commit).
final class LogSyncer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogSyncer.class);

    /// Each ticket stands in it at most once, so it never holds more than there are partitions.
    private final LinkedBlockingQueue<Ticket> queue = new LinkedBlockingQueue<>();

    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    /// One log's place in the queue.
    static final class Ticket {
        private final SyncAction action;
        private final Consumer<Offset> synced;
        private final Consumer<IOException> failed;
        private final AtomicBoolean queued = new AtomicBoolean();

        Ticket(SyncAction action, Consumer<Offset> synced, Consumer<IOException> failed) {
            this.action = action;
            this.synced = synced;
            this.failed = failed;
        }
    }

    /// Syncs and returns the offset up to which all is safe now.
    @FunctionalInterface
    interface SyncAction {
        Offset sync() throws IOException;
    }

    LogSyncer(int threadCount) {
        for (var i = 0; i < threadCount; i++) {
            threads.add(Thread.ofPlatform().name("weirlog-sync-" + i).start(this::run));
        }
    }

    /// Asks for a sync that covers everything appended before this call. Asking again before it begins costs nothing.
    void request(Ticket ticket) {
        if (ticket.queued.compareAndSet(false, true)) {
            queue.add(ticket);
        }
    }

    private void run() {
        while (!closing || !queue.isEmpty()) {
            try {
                var ticket = queue.poll(100, TimeUnit.MILLISECONDS);
                if (ticket != null) {
                    sync(ticket);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void sync(Ticket ticket) {
        // Cleared first: an append during the sync asks for the next one.
        ticket.queued.set(false);
        try {
            ticket.synced.accept(ticket.action.sync());
        } catch (IOException e) {
            ticket.failed.accept(e);
        } catch (RejectedExecutionException e) {
            LOG.debug("a log was synced after its shard had closed");
        }
    }

    @Override
    public void close() {
        closing = true;
        for (var thread : threads) {
            try {
                if (!thread.join(Duration.ofSeconds(30))) {
                    LOG.error("{} did not end within 30 s", thread.getName());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
