package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SharedSync;
import io.weirlog.log.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings logs to stable storage off the shards' threads, so that a shard goes on appending while the disk works: the
/// next sync then covers all that came meanwhile (group commit).
///
/// Where few logs wait, each is synced by itself, several beside each other; where many do, one call serves all of a
/// data directory ([SharedSync]), and those that come meanwhile wait for the next.
final class LogSyncer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogSyncer.class);
    private static final long WAIT_MILLIS = 100;

    private final Map<Path, SyncQueue> queues = new LinkedHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Map<Path, SharedSync> shared;
    private final int threadCount;
    private boolean closing;

    /// One log's place in the queue.
    static final class Ticket implements SharedSync.Waiter {
        private final PartitionLog log;
        private final SyncQueue queue;
        private final Consumer<Offset> synced;
        private final Consumer<IOException> failed;
        /// By the queue, under the syncer's lock.
        private boolean waiting;

        Ticket(PartitionLog log, SyncQueue queue, Consumer<Offset> synced, Consumer<IOException> failed) {
            this.log = log;
            this.queue = queue;
            this.synced = synced;
            this.failed = failed;
        }

        @Override
        public PartitionLog log() {
            return log;
        }

        @Override
        public void synced(Offset end) {
            tell(() -> synced.accept(end));
        }

        @Override
        public void failed(IOException failure) {
            tell(() -> failed.accept(failure));
        }

        private static void tell(Runnable news) {
            try {
                news.run();
            } catch (RejectedExecutionException e) {
                LOG.debug("a log was synced after its shard had closed");
            }
        }

        /// False if it has been waiting already.
        boolean startsWaiting() {
            var starts = !waiting;
            waiting = true;
            return starts;
        }

        void endsWaiting() {
            waiting = false;
        }
    }

    /// Opens what the data directories have of shared syncs, before their first log is opened.
    static LogSyncer of(Storage storage, List<Path> folders, SyncConfig config) {
        Map<Path, SharedSync> shared = new HashMap<>();
        for (var folder : config.shared() ? folders : List.<Path>of()) {
            try {
                SharedSync.open(storage, folder).ifPresent(sync -> shared.put(folder, sync));
            } catch (IOException e) {
                LOG.warn("{}: each log is synced by itself", folder, e);
            }
        }
        return new LogSyncer(config.threads(), shared);
    }

    /// @param shared by data directory, of those that have it
    LogSyncer(int threadCount, Map<Path, SharedSync> shared) {
        this.shared = Map.copyOf(shared);
        this.threadCount = threadCount;
        shared.forEach((folder, sync) -> queues.put(folder, new SyncQueue(sync, new SyncChoice(threadCount))));
        for (var i = 0; i < threadCount; i++) {
            threads.add(Thread.ofPlatform().name("weirlog-sync-" + i).start(this::run));
        }
    }

    /// @param synced told of each sync, with the end of what is durable
    synchronized Ticket ticket(PartitionLog log, Consumer<Offset> synced, Consumer<IOException> failed) {
        var folder = StorageFailures.folderOf(log.directory());
        var queue = queues.computeIfAbsent(folder, one -> new SyncQueue(null, new SyncChoice(threadCount)));
        return new Ticket(log, queue, synced, failed);
    }

    /// Asks for a sync that covers everything appended before this call. Asking again before it begins costs nothing.
    synchronized void request(Ticket ticket) {
        ticket.queue.add(ticket);
        notifyAll();
    }

    private void run() {
        try {
            for (var turn = next(); turn != null; turn = next()) {
                sync(turn);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The next turn, or null at the end.
    private synchronized SyncQueue.@Nullable Turn next() throws InterruptedException {
        while (true) {
            for (var queue : queues.values()) {
                var turn = queue.take();
                if (turn.isPresent()) {
                    return turn.get();
                }
            }
            if (closing && queues.values().stream().allMatch(SyncQueue::isEmpty)) {
                return null;
            }
            wait(WAIT_MILLIS);
        }
    }

    private void sync(SyncQueue.Turn turn) {
        var begin = System.nanoTime();
        switch (turn) {
            case SyncQueue.Turn.One(var queue, var ticket) -> {
                syncOne(ticket);
                ended(() -> queue.oneTook(System.nanoTime() - begin));
            }
            case SyncQueue.Turn.All(var queue, var tickets, var shared) -> {
                shared.sync(tickets);
                ended(() -> queue.allTook(System.nanoTime() - begin));
            }
        }
    }

    /// Locked, for the queues are not thread-safe; others may go on now.
    private synchronized void ended(Runnable end) {
        end.run();
        notifyAll();
    }

    private static void syncOne(Ticket ticket) {
        try {
            ticket.synced(ticket.log().sync());
        } catch (IOException e) {
            ticket.failed(e);
        } catch (IllegalStateException e) {
            // Closed meanwhile.
            ticket.failed(new IOException(e));
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
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
        shared.forEach(LogSyncer::close);
    }

    private static void close(Path folder, SharedSync shared) {
        try {
            shared.close();
        } catch (IOException e) {
            LOG.warn("{}: cannot close", folder, e);
        }
    }
}
