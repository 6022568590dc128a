package io.weirlog.replication.link;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;

/// What is to be done on a stream: put in by any thread, done by one at a time in the order in which it was put, all
/// that has come meanwhile at once.
///
/// Whatever has a key takes the place of what waits under that key, so a slow stream holds at most one acknowledgement,
/// one watermark and one offer of each partition, however fast they change. All else is an answer to something that the
/// other side has said, which it does only as fast as it is read.
final class Outbox<M> {
    private final Executor executor;
    private final Consumer<List<M>> work;
    /// Held for a few instructions only: the work is done outside of it.
    private final ReentrantLock lock = new ReentrantLock();

    private LinkedHashMap<Object, M> waiting = new LinkedHashMap<>();
    private boolean scheduled;

    /// @param work must not throw
    Outbox(Executor executor, Consumer<List<M>> work) {
        this.executor = executor;
        this.work = work;
    }

    void put(M message) {
        put(new Object(), message, (former, latter) -> latter);
    }

    /// @param merge makes one of what waits under the key and what comes
    void put(Object key, M message, BinaryOperator<M> merge) {
        lock.lock();
        try {
            waiting.merge(key, message, merge);
            if (scheduled) {
                return;
            }
            scheduled = true;
        } finally {
            lock.unlock();
        }
        executor.execute(this::run);
    }

    private void run() {
        for (var messages = take(); !messages.isEmpty(); messages = take()) {
            work.accept(messages);
        }
    }

    private List<M> take() {
        lock.lock();
        try {
            if (waiting.isEmpty()) {
                scheduled = false;
                return List.of();
            }
            var taken = new ArrayList<>(waiting.values());
            waiting = new LinkedHashMap<>();
            return taken;
        } finally {
            lock.unlock();
        }
    }
}
