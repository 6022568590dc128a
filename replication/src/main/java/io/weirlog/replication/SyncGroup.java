package io.weirlog.replication;

import io.weirlog.log.Storage.FileSystemSync;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Threads that want something durable on one file system. Whoever comes while nothing is under way syncs what is its
/// own; who comes meanwhile waits, and then all that wait go on: each by itself, or with one call for all, whichever
/// has been cheaper lately ([SyncChoice]).
///
/// A call covers what was written before it began, and whoever waits has written before. After a failure, which all of
/// a group are told of, no call is shared any more: a later one would not tell of these bytes again.
final class SyncGroup implements Closeable {
    /// Syncs what its thread has written.
    @FunctionalInterface
    interface Single {
        void sync() throws IOException;
    }

    private enum Part {
        WAITS,
        SYNCS_ITS_OWN,
        SYNCS_FOR_ALL,
        IS_DONE
    }

    /// Touched under the lock. Each is woken by itself, and only when there is news for it: several hundred may wait.
    private final class Waiter {
        final Condition changed = lock.newCondition();
        Part part = Part.WAITS;
        Optional<IOException> failure = Optional.empty();
        List<Waiter> others = List.of();

        void takes(Part news) {
            part = news;
            changed.signal();
        }
    }

    private final FileSystemSync fileSystem;
    /// Held for moments only, never while the disk works.
    private final ReentrantLock lock = new ReentrantLock();

    private final SyncChoice choice = new SyncChoice(1);
    private final List<Waiter> waiting = new ArrayList<>();
    private int underWay;
    private boolean broken;

    SyncGroup(FileSystemSync fileSystem) {
        this.fileSystem = fileSystem;
    }

    /// Returns when all is durable that the calling thread has written and `single` would sync.
    void sync(Single single) throws IOException {
        var own = new Waiter();
        switch (takePart(own)) {
            case SYNCS_ITS_OWN -> syncOwn(single);
            case SYNCS_FOR_ALL -> syncForAll(own);
            case IS_DONE -> {
                if (own.failure.isPresent()) {
                    throw new IOException("a sync for many files failed", own.failure.get());
                }
            }
            case WAITS -> throw new IllegalStateException("it has waited in vain");
        }
    }

    private Part takePart(Waiter own) {
        lock.lock();
        try {
            if (underWay == 0) {
                underWay = 1;
                return Part.SYNCS_ITS_OWN;
            }
            waiting.add(own);
            while (own.part == Part.WAITS) {
                own.changed.awaitUninterruptibly(); // As long as the disk takes, like any sync.
            }
            return own.part;
        } finally {
            lock.unlock();
        }
    }

    private void syncOwn(Single single) throws IOException {
        long begin = System.nanoTime();
        try {
            single.sync();
        } finally {
            end(() -> choice.oneTook(System.nanoTime() - begin));
        }
    }

    private void syncForAll(Waiter own) throws IOException {
        long begin = System.nanoTime();
        Optional<IOException> failure = Optional.empty();
        try {
            fileSystem.sync();
        } catch (IOException e) {
            failure = Optional.of(e);
            throw e;
        } finally {
            var told = failure;
            end(() -> {
                choice.allTook(System.nanoTime() - begin);
                broken |= told.isPresent();
                for (var other : own.others) {
                    other.failure = told;
                    other.takes(Part.IS_DONE);
                }
            });
        }
    }

    private void end(Runnable news) {
        lock.lock();
        try {
            news.run();
            underWay--;
            if (underWay == 0 && !waiting.isEmpty()) {
                begin(List.copyOf(waiting));
                waiting.clear();
            }
        } finally {
            lock.unlock();
        }
    }

    private void begin(List<Waiter> group) {
        if (!broken && choice.isShared(group.size())) {
            underWay = 1;
            group.getFirst().others = group.subList(1, group.size());
            group.getFirst().takes(Part.SYNCS_FOR_ALL);
        } else {
            underWay = group.size();
            group.forEach(waiter -> waiter.takes(Part.SYNCS_ITS_OWN));
        }
    }

    /// How many wait for what is under way.
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /// From now on everybody syncs what is its own.
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            broken = true;
        } finally {
            lock.unlock();
        }
        fileSystem.close();
    }
}
