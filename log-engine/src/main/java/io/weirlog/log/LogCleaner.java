package io.weirlog.log;

import io.weirlog.common.InvariantViolation;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The threads that compact a node's logs. Each takes the log that needs it most, cleans it, and takes the next.
///
/// A log whose cleaning fails is left alone for [#RETRY_AFTER], with the reason at hand, and stops no other.
public final class LogCleaner implements AutoCloseable {
    /// A full disk may have got room, a damaged log may have been replaced.
    static final Duration RETRY_AFTER = Duration.ofMinutes(10);

    private static final Logger LOG = LoggerFactory.getLogger(LogCleaner.class);
    private static final double LOAD_FACTOR = 0.75;
    private static final long PACE_BYTES = 256 * 1024;

    private final CleanerConfig config;
    private final CompactionMemory memory;
    private final LongSupplier wallMillis;
    private final LongSupplier nanoTime;
    private final Optional<ByteThrottle> throttle;
    private final List<Thread> threads = new ArrayList<>();

    /// Guards what follows. Held for moments only; never while a log is looked at or cleaned.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final Map<PartitionLog, Entry> entries = new HashMap<>();
    private final CleanerCounters counters = new CleanerCounters();
    private double dirtyRatioMax;
    /// How often somebody asked to look at the logs.
    private long wakeUps;
    private boolean closing;

    private static final class Entry {
        final CleanableLog log;
        boolean cleaning;
        boolean removed;

        @Nullable
        Failure failure;

        Entry(CleanableLog log) {
            this.log = log;
        }
    }

    private record Failure(String reason, long atNanos) {}

    /// @param wallMillis milliseconds since 1970
    /// @param nanoTime monotonic
    public LogCleaner(CleanerConfig config, LongSupplier wallMillis, LongSupplier nanoTime) {
        this.config = config;
        this.wallMillis = wallMillis;
        this.nanoTime = nanoTime;
        var random = new SecureRandom();
        this.memory = new CompactionMemory(
                config.dedupeBufferBytes() / config.threads(), LOAD_FACTOR, random.nextLong(), random.nextLong());
        this.throttle = config.bytesPerSecondMax().isPresent()
                ? Optional.of(new ByteThrottle(config.bytesPerSecondMax().getAsLong(), nanoTime.getAsLong()))
                : Optional.empty();
        for (var i = 0; i < config.threads(); i++) {
            threads.add(Thread.ofPlatform().name("weirlog-cleaner-" + i).start(this::run));
        }
    }

    /// Looks after a log from now on, as long as it is one to be compacted.
    public void add(CleanableLog log) {
        locked(() -> {
            entries.put(log.log(), new Entry(log));
            wakeUps++;
        });
    }

    /// Lets go of a log; on return nobody cleans it any more. Not to be called by its owner's thread, which a cleaning
    /// may be waiting for.
    public void remove(PartitionLog log) {
        lock.lock();
        try {
            var entry = entries.remove(log);
            if (entry != null) {
                entry.removed = true;
                changed.signalAll();
                while (entry.cleaning) {
                    changed.awaitUninterruptibly();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    public CleanerStats stats() {
        lock.lock();
        try {
            var running = (int)
                    entries.values().stream().filter(entry -> entry.cleaning).count();
            var uncleanable = (int) entries.values().stream()
                    .filter(entry -> entry.failure != null)
                    .count();
            return counters.stats(running, uncleanable, dirtyRatioMax);
        } finally {
            lock.unlock();
        }
    }

    /// Why logs are left alone, by their names.
    public Map<String, String> uncleanable() {
        lock.lock();
        try {
            var reasons = new HashMap<String, String>();
            for (var entry : entries.values()) {
                var failure = entry.failure;
                if (failure != null) {
                    reasons.put(entry.log.name(), failure.reason());
                }
            }
            return Map.copyOf(reasons);
        } finally {
            lock.unlock();
        }
    }

    /// Looks at the logs now, instead of after the backoff.
    public void wake() {
        locked(() -> wakeUps++);
    }

    private void locked(Runnable work) {
        lock.lock();
        try {
            work.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (!isClosing()) {
                var seen = wakeUps();
                var entry = next();
                if (entry.isPresent()) {
                    clean(entry.get());
                } else {
                    awaitBackoff(seen);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("{} ends", Thread.currentThread().getName());
        }
    }

    private boolean isClosing() {
        lock.lock();
        try {
            return closing;
        } finally {
            lock.unlock();
        }
    }

    /// The log that is due and the dirtiest, which is the caller's now.
    private Optional<Entry> next() {
        while (true) {
            var best = Optional.<Entry>empty();
            var bestRatio = -1.0;
            var ratioMax = 0.0;
            for (var entry : idle()) {
                var need = needOf(entry);
                ratioMax =
                        Math.max(ratioMax, need.map(CompactionNeed::dirtyRatio).orElse(0.0));
                if (need.isPresent()
                        && need.get().isDue(entry.log.log().config().compaction())) {
                    // What has waited too long goes first.
                    var ratio = need.get().dirtyRatio() + (need.get().overdue() ? 1 : 0);
                    if (ratio > bestRatio) {
                        best = Optional.of(entry);
                        bestRatio = ratio;
                    }
                }
            }
            lock.lock();
            try {
                dirtyRatioMax = ratioMax;
                if (closing || best.isEmpty()) {
                    return Optional.empty();
                }
                if (!best.get().cleaning && !best.get().removed) {
                    best.get().cleaning = true;
                    return best;
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private List<Entry> idle() {
        lock.lock();
        try {
            var idle = new ArrayList<Entry>();
            for (var entry : entries.values()) {
                var failure = entry.failure;
                if (failure != null && nanoTime.getAsLong() - failure.atNanos() >= RETRY_AFTER.toNanos()) {
                    entry.failure = null;
                }
                if (!entry.cleaning && entry.failure == null) {
                    idle.add(entry);
                }
            }
            return idle;
        } finally {
            lock.unlock();
        }
    }

    private Optional<CompactionNeed> needOf(Entry entry) {
        try {
            var cleanPointMax = entry.log.cleanPointMax();
            return cleanPointMax.isEmpty() || !entry.log.log().config().compacted()
                    ? Optional.empty()
                    : Optional.of(entry.log.log().compaction().need(cleanPointMax.get(), wallMillis.getAsLong()));
        } catch (IOException | RuntimeException e) {
            failed(entry, e);
            return Optional.empty();
        }
    }

    private void clean(Entry entry) throws InterruptedException {
        var startNanos = nanoTime.getAsLong();
        try {
            var cleanPointMax = entry.log.cleanPointMax();
            if (cleanPointMax.isEmpty()) {
                return;
            }
            var outcome = entry.log
                    .log()
                    .compaction()
                    .clean(entry.log, memory, new Pace(entry), cleanPointMax.get(), wallMillis.getAsLong());
            if (outcome instanceof CleaningOutcome.Cleaned cleaned) {
                var tookMillis = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - startNanos);
                locked(() -> counters.cleaned(cleaned, tookMillis));
                LOG.info("{}: cleaned in {} ms: {}", entry.log.name(), tookMillis, cleaned);
            }
        } catch (InterruptedException e) {
            if (isClosing()) {
                throw e;
            }
            LOG.debug("{}: its cleaning was ended, for it is let go", entry.log.name());
        } catch (IOException | RuntimeException e) {
            failed(entry, e);
        } finally {
            locked(() -> entry.cleaning = false);
        }
    }

    private void failed(Entry entry, Exception e) {
        lock.lock();
        try {
            if (entry.removed || closing) {
                return; // It was closed under the cleaner's hands.
            }
            if (entry.failure != null) {
                return; // Another thread has looked at it at the same time, and met the same.
            }
            counters.failed();
            entry.failure = new Failure(String.valueOf(e.getMessage()), nanoTime.getAsLong());
        } finally {
            lock.unlock();
        }
        if (e instanceof InvariantViolation) {
            LOG.error("{}: its compaction contradicts itself and is left alone", entry.log.name(), e);
        } else {
            LOG.warn("{}: it cannot be compacted and is left alone for {}", entry.log.name(), RETRY_AFTER, e);
        }
    }

    private long wakeUps() {
        lock.lock();
        try {
            return wakeUps;
        } finally {
            lock.unlock();
        }
    }

    private void awaitBackoff(long wakeUpsSeen) throws InterruptedException {
        lock.lock();
        try {
            var leftNanos = config.backoff().toNanos();
            while (!closing && wakeUps == wakeUpsSeen && leftNanos > 0) {
                leftNanos = changed.awaitNanos(leftNanos);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Keeps to the rate, and ends the cleaning of a log that is to go.
    private final class Pace implements CleaningPace {
        private final Entry entry;
        private long pendingBytes;

        Pace(Entry entry) {
            this.entry = entry;
        }

        @Override
        public void took(long bytes) throws InterruptedException {
            pendingBytes += bytes;
            if (pendingBytes < PACE_BYTES) {
                return;
            }
            var now = nanoTime.getAsLong();
            var waitNanos = throttle.isPresent() ? throttle.get().take(pendingBytes, now) : 0;
            pendingBytes = 0;
            lock.lock();
            try {
                while (true) {
                    if (closing || entry.removed) {
                        throw new InterruptedException("the log is to be let go");
                    }
                    if (waitNanos <= 0) {
                        return;
                    }
                    waitNanos = changed.awaitNanos(waitNanos);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /// Ends what is under way, which leaves the logs as they are, and waits for that. While the logs' owners still
    /// work: a cleaning may be waiting for one.
    @Override
    public void close() {
        locked(() -> closing = true);
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
