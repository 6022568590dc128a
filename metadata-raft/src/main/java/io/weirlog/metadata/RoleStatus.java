package io.weirlog.metadata;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The member's role, to be asked for, waited for and listened to. Listeners run on a thread of their own, so
/// that none can hold up an election.
final class RoleStatus implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RoleStatus.class);
    private static final Duration CLOSE_WAIT_MAX = Duration.ofSeconds(5);

    /// Written by Raft's threads, waited on by others.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final Thread dispatcher;
    private QuorumRole role = new QuorumRole.Searching();
    private boolean closed;

    private static final class Subscriber {
        final QuorumRoleListener listener;

        @Nullable
        QuorumRole told;

        Subscriber(QuorumRoleListener listener) {
            this.listener = listener;
        }
    }

    RoleStatus() {
        dispatcher = Thread.ofPlatform().daemon().name("metadata-roles").unstarted(this::dispatch);
        dispatcher.start();
    }

    CompletableFuture<Throwable> failure() {
        return failure;
    }

    MetadataFeed.Subscription subscribe(QuorumRoleListener listener) {
        var subscriber = new Subscriber(listener);
        lock.lock();
        try {
            subscribers.add(subscriber);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return () -> unsubscribe(subscriber);
    }

    private void unsubscribe(Subscriber subscriber) {
        lock.lock();
        try {
            subscribers.remove(subscriber);
        } finally {
            lock.unlock();
        }
    }

    void become(QuorumRole next) {
        lock.lock();
        try {
            role = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void fail(Throwable cause) {
        failure.completeAsync(() -> cause);
        become(new QuorumRole.Searching());
    }

    /// Waits until this node leads, or knows who does.
    void awaitReady(Duration timeout) {
        long nanosLeft = timeout.toNanos();
        lock.lock();
        try {
            while (!(role instanceof QuorumRole.Active || role instanceof QuorumRole.Following)) {
                if (failure.isDone()) {
                    throw unavailable("the metadata quorum's member has failed", failure.getNow(null));
                }
                if (nanosLeft <= 0) {
                    throw unavailable("no leader of the metadata quorum is known after " + timeout, null);
                }
                nanosLeft = changed.awaitNanos(nanosLeft);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("interrupted while waiting for the metadata quorum", e);
        } finally {
            lock.unlock();
        }
    }

    private static MetadataUnavailableException unavailable(String message, @Nullable Throwable cause) {
        return new MetadataUnavailableException(message, true, cause);
    }

    private void dispatch() {
        while (true) {
            QuorumRole newest;
            List<Subscriber> due;
            lock.lock();
            try {
                while (!closed && due().isEmpty()) {
                    changed.awaitUninterruptibly();
                }
                if (closed) {
                    return;
                }
                newest = role;
                due = due();
                due.forEach(subscriber -> subscriber.told = role);
            } finally {
                lock.unlock();
            }
            due.forEach(subscriber -> tell(subscriber.listener, newest));
        }
    }

    private List<Subscriber> due() {
        return subscribers.stream()
                .filter(subscriber -> !role.equals(subscriber.told))
                .toList();
    }

    private static void tell(QuorumRoleListener listener, QuorumRole role) {
        try {
            listener.roleChanged(role);
        } catch (RuntimeException e) {
            LOG.error("a listener failed at the change to {}", role, e);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (Thread.currentThread().equals(dispatcher)) {
            return;
        }
        try {
            if (!dispatcher.join(CLOSE_WAIT_MAX)) {
                LOG.warn("a listener to roles has been blocking for {}", CLOSE_WAIT_MAX);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
