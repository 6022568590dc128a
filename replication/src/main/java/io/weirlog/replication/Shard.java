package io.weirlog.replication;

import io.weirlog.common.InvariantViolation;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jctools.queues.MpscArrayQueue;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The owner thread of a share of the partitions.
///
/// It works in turns: it takes what has come in meanwhile, lets each partition collect its part, and ends the turn for
/// each partition once, so that a partition writes once a turn however many requests came. Appends come through a
/// bounded inbox. Control tasks have their own, unbounded by type but not in fact: each partition has at most one sync
/// under way, and roles change only by metadata.
final class Shard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);
    private static final int APPENDS_A_TURN_MAX = 1024;
    private static final long TICK_NANOS = Duration.ofMillis(50).toNanos();

    private final MpscArrayQueue<Request> inbox;
    private final MpscUnboundedArrayQueue<Runnable> control = new MpscUnboundedArrayQueue<>(1024);
    private final ReplicationClock clock;
    private final Thread thread;
    /// Partitions with something to write this turn, in the order in which they got it.
    private final Set<PartitionHost> active = new LinkedHashSet<>();
    /// Partitions with appends that wait, and so with deadlines.
    private final Set<PartitionHost> waiting = new LinkedHashSet<>();
    private volatile boolean parked;
    private volatile boolean closing;

    private record Request(PartitionHost host, AppendCommand command) {}

    /// @param onDeath told if the owner thread ends by an error, after which its partitions answer nobody
    Shard(int number, int inboxAppendsMax, ReplicationClock clock, Consumer<Throwable> onDeath) {
        this.inbox = new MpscArrayQueue<>(inboxAppendsMax);
        this.clock = clock;
        this.thread = Thread.ofPlatform()
                .name("weirlog-shard-" + number)
                .uncaughtExceptionHandler((dead, cause) -> {
                    closing = true;
                    LOG.error("{} died", dead.getName(), cause);
                    onDeath.accept(cause);
                })
                .start(this::run);
    }

    /// Hands an append to its owner; false if the inbox is full or the shard is closing.
    boolean offer(PartitionHost host, AppendCommand command) {
        if (closing || !inbox.offer(new Request(host, command))) {
            return false;
        }
        wake();
        return true;
    }

    /// Runs `task` on the owner thread, after everything that this thread handed over before.
    ///
    /// @throws RejectedExecutionException if the shard is closing
    void execute(Runnable task) {
        if (closing) {
            throw new RejectedExecutionException("the shard is closing");
        }
        control.offer(task);
        wake();
    }

    private void wake() {
        // The queues' own index updates are full fences, so either this sees `parked` or the owner sees the element.
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        var nextTick = clock.nanoTime() + TICK_NANOS;
        while (!closing || !inbox.isEmpty() || !control.isEmpty()) {
            var worked = turn();
            var now = clock.nanoTime();
            if (now - nextTick >= 0) {
                tick(now);
                nextTick = now + TICK_NANOS;
            }
            if (worked == 0 && !closing) {
                park(waiting.isEmpty());
            }
        }
    }

    private int turn() {
        var worked = control.drain(Shard::runGuarded, APPENDS_A_TURN_MAX);
        worked += inbox.drain(this::collect, APPENDS_A_TURN_MAX);
        for (var host : active) {
            guarded(host, host::endTurn);
            if (host.hasWaiters()) {
                waiting.add(host);
            }
        }
        active.clear();
        return worked;
    }

    private void collect(Request request) {
        request.host.collect(request.command);
        active.add(request.host);
    }

    private void tick(long nowNanos) {
        for (var each = waiting.iterator(); each.hasNext(); ) {
            var host = each.next();
            guarded(host, () -> host.expire(nowNanos));
            if (!host.hasWaiters()) {
                each.remove();
            }
        }
    }

    private void park(boolean nobodyWaits) {
        parked = true;
        if (inbox.isEmpty() && control.isEmpty() && !closing) {
            if (nobodyWaits) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, TICK_NANOS);
            }
        }
        parked = false;
    }

    /// A contradiction in one partition stops that partition, not the others.
    private static void guarded(PartitionHost host, Runnable work) {
        try {
            work.run();
        } catch (InvariantViolation e) {
            host.stop("contradicts itself: " + e.getMessage());
            LOG.error("{} stopped: it contradicts itself", host.name(), e);
        } catch (RuntimeException e) {
            host.stop("failed: " + e);
            LOG.error("{} stopped", host.name(), e);
        }
    }

    private static void runGuarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a task of the shard failed", e);
        }
    }

    /// Runs `work`, which concerns `host`, on the owner thread.
    void executeFor(PartitionHost host, Runnable work) {
        execute(() -> {
            guarded(host, work);
            if (host.hasWaiters()) {
                waiting.add(host);
            }
        });
    }

    /// Lets the owner finish what it has and waits for its end.
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        try {
            if (!thread.join(Duration.ofSeconds(30))) {
                LOG.error("{} did not end within 30 s", thread.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
