package io.weirlog.metadata;

import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands the changes that one thread publishes to listeners on another, so that no listener can delay or break
/// the log.
///
/// Each listener has a bounded queue. If it runs over, the queue is dropped and the listener gets a snapshot
/// instead, which costs nothing: images are immutable. So does a listener that threw, with the next change.
public final class LocalFeed implements MetadataFeed, AutoCloseable {
    /// Changes kept for a listener that is behind.
    static final int QUEUE_CHANGES_MAX = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(LocalFeed.class);
    private static final Duration CLOSE_WAIT_MAX = Duration.ofSeconds(5);

    /// The queues are touched by the publisher and the dispatcher; the calls of listeners happen outside of it.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition work = lock.newCondition();
    private final List<Queue> queues = new ArrayList<>();
    private final Thread dispatcher;
    private volatile MetadataImage image = MetadataImage.EMPTY;
    private boolean closed;

    private record Change(MetadataImage image, List<MetadataEvent> events) {}

    private static final class Queue {
        final MetadataListener listener;
        final ArrayDeque<Change> changes = new ArrayDeque<>();
        /// The listener needs a snapshot before any event.
        boolean stale = true;
        /// There is something to call the listener with.
        boolean due = true;

        Queue(MetadataListener listener) {
            this.listener = listener;
        }
    }

    public LocalFeed() {
        dispatcher = Thread.ofPlatform().daemon().name("metadata-feed").unstarted(this::dispatch);
        dispatcher.start();
    }

    @Override
    public MetadataImage image() {
        return image;
    }

    @Override
    public Subscription subscribe(MetadataListener listener) {
        var queue = new Queue(listener);
        lock.lock();
        try {
            queues.add(queue);
            work.signal();
        } finally {
            lock.unlock();
        }
        return () -> unsubscribe(queue);
    }

    private void unsubscribe(Queue queue) {
        lock.lock();
        try {
            queues.remove(queue);
        } finally {
            lock.unlock();
        }
    }

    /// Makes `state` the image, which `events` led to from the image before.
    public void publish(MetadataState state, List<MetadataEvent> events) {
        lock.lock();
        try {
            image = MetadataImage.of(state);
            var change = new Change(image, events);
            queues.forEach(queue -> enqueue(queue, change));
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Makes `state` the image, whatever was before.
    public void reset(MetadataState state) {
        lock.lock();
        try {
            image = MetadataImage.of(state);
            queues.forEach(LocalFeed::dropToSnapshot);
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    private static void enqueue(Queue queue, Change change) {
        queue.due = true;
        if (queue.stale) {
            return; // The snapshot that it gets will include the change.
        }
        if (queue.changes.size() == QUEUE_CHANGES_MAX) {
            dropToSnapshot(queue);
        } else {
            queue.changes.add(change);
        }
    }

    private static void dropToSnapshot(Queue queue) {
        queue.changes.clear();
        queue.stale = true;
        queue.due = true;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        if (Thread.currentThread().equals(dispatcher)) {
            return;
        }
        try {
            if (!dispatcher.join(CLOSE_WAIT_MAX)) {
                LOG.warn("a metadata listener has been blocking the feed for {}", CLOSE_WAIT_MAX);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void dispatch() {
        while (true) {
            List<Runnable> calls;
            lock.lock();
            try {
                while (!closed && queues.stream().noneMatch(queue -> queue.due)) {
                    work.awaitUninterruptibly();
                }
                if (closed) {
                    return;
                }
                calls = queues.stream()
                        .filter(queue -> queue.due)
                        .map(this::take)
                        .toList();
            } finally {
                lock.unlock();
            }
            calls.forEach(Runnable::run);
        }
    }

    /// Takes all that is due for a listener; to be run without the lock.
    private Runnable take(Queue queue) {
        queue.due = false;
        if (queue.stale) {
            queue.stale = false;
            queue.changes.clear();
            var snapshot = image;
            return () -> call(queue, () -> queue.listener.onSnapshot(snapshot));
        }
        var changes = List.copyOf(queue.changes);
        queue.changes.clear();
        return () ->
                call(queue, () -> changes.forEach(change -> queue.listener.onEvents(change.image(), change.events())));
    }

    private void call(Queue queue, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException | Error e) {
            LOG.error("a metadata listener failed; it will get a snapshot with the next change", e);
            lock.lock();
            try {
                queue.changes.clear();
                queue.stale = true;
            } finally {
                lock.unlock();
            }
        }
    }
}
