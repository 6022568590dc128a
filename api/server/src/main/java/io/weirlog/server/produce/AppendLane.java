package io.weirlog.server.produce;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The appends of one stream to one partition, in order, to whoever leads it.
///
/// ```
/// held -> sent to the leader -> answered
///   ^            |  the broker does not lead, and surely has not appended
///   +- refused <-+
/// ```
/// No append overtakes another. Those sent must all be answered before any is sent to another broker. What was refused
/// is sent again before all that is held, unless an append sent after it may be in the log: then it is too late for it,
/// and its writer is told that it was not appended.
///
/// Results come from partitions' owners, from the network and from a timer; all meet in this object's monitor, within
/// which results are told, so that they keep their order.
final class AppendLane {
    private final Ways ways;
    private final ArrayDeque<Traveller> held = new ArrayDeque<>();
    private final List<Traveller> refused = new ArrayList<>();
    /// Where those sent are; empty: this broker.
    private Optional<BrokerId> at = Optional.empty();
    private int sent;
    private long lastNumber;
    /// The latest that may be in the log: none before it is sent again.
    private long lastTaken;
    private boolean backingOff;
    private boolean pumping;
    private boolean closed;

    /// What carries the appends.
    interface Ways {
        long nanoTime();

        /// Runs a task later.
        ///
        /// @throws RejectedExecutionException if the node is stopping
        void schedule(Runnable task, long delayNanos);

        /// The other broker that leads the partition; empty if this one is to be asked.
        Optional<BrokerId> leaderElsewhere(TopicPartition id);

        /// Sends it once. The batch stays the sender's. The result may come before this returns.
        ///
        /// @param to empty: into this broker's own partition
        void send(PartitionAppend append, Optional<BrokerId> to, Consumer<AppendResult> results);
    }

    /// An append and what it was told last.
    private static final class Traveller {
        final PartitionAppend append;
        /// Its place among the lane's appends.
        final long number;
        /// On the clock of the append's deadline: not sent again after that.
        final long giveUpNanos;

        @Nullable
        AppendResult refusal;

        Traveller(PartitionAppend append, long number, long giveUpNanos) {
            this.append = append;
            this.number = number;
            this.giveUpNanos = giveUpNanos;
        }
    }

    AppendLane(Ways ways) {
        this.ways = ways;
    }

    synchronized boolean isIdle() {
        return sent == 0 && held.isEmpty() && refused.isEmpty();
    }

    synchronized void append(PartitionAppend append) {
        var patienceEnd = ways.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Routes.PATIENCE_MILLIS);
        held.add(new Traveller(append, ++lastNumber, earlier(patienceEnd, append.deadlineNanos())));
        pump();
        if (!held.isEmpty()) {
            later(append.deadlineNanos() - ways.nanoTime(), this::expire);
        }
    }

    private static long earlier(long oneNanos, long otherNanos) {
        return oneNanos - otherNanos < 0 ? oneNanos : otherNanos;
    }

    /// Sends what may be sent. A result may come before the sending returns.
    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        while (!held.isEmpty() && refused.isEmpty() && !backingOff && !closed) {
            var next = held.getFirst().append;
            var to = next.leaderOnly() ? Optional.<BrokerId>empty() : ways.leaderElsewhere(next.id());
            if (sent > 0 && !to.equals(at)) {
                break;
            }
            at = to;
            sent++;
            var traveller = held.removeFirst();
            ways.send(next, to, result -> onResult(traveller, result));
        }
        pumping = false;
    }

    private synchronized void onResult(Traveller traveller, AppendResult result) {
        sent--;
        if (!traveller.append.leaderOnly() && !closed && mayTryAgain(traveller, result)) {
            traveller.refusal = result;
            refused.add(traveller);
        } else {
            if (mayBeInLog(result)) {
                lastTaken = Math.max(lastTaken, traveller.number);
                giveUpThoseBeforeLastTaken();
            }
            traveller.append.finish(result);
        }
        if (sent == 0 && !refused.isEmpty()) {
            refused.sort(Comparator.comparingLong(each -> each.number));
            refused.reversed().forEach(held::addFirst);
            refused.clear();
            backingOff = true;
            later(TimeUnit.MILLISECONDS.toNanos(Routes.BACKOFF_MILLIS), this::tryAgain);
        }
        pump();
    }

    private void giveUpThoseBeforeLastTaken() {
        refused.removeIf(each -> {
            var late = each.number < lastTaken;
            if (late) {
                giveUp(each);
            }
            return late;
        });
    }

    private boolean mayTryAgain(Traveller traveller, AppendResult result) {
        return result.hasFailure()
                && !mayBeInLog(result)
                && traveller.number > lastTaken
                && Routes.goesElsewhere(result.getFailure().getProblem())
                && ways.nanoTime() - traveller.giveUpNanos < 0;
    }

    private static boolean mayBeInLog(AppendResult result) {
        return !result.hasFailure() || result.getFailure().getOutcome() != AppendOutcome.APPEND_OUTCOME_NOT_APPENDED;
    }

    private synchronized void tryAgain() {
        backingOff = false;
        expire();
        pump();
    }

    /// Answers what was held for too long. What was sent is answered in time by whom it was sent to.
    private synchronized void expire() {
        var now = ways.nanoTime();
        held.removeIf(traveller -> {
            var over = now - traveller.append.deadlineNanos() >= 0;
            if (over) {
                giveUp(traveller);
            }
            return over;
        });
    }

    private static void giveUp(Traveller traveller) {
        var refusal = traveller.refusal;
        traveller.append.finish(
                refusal == null
                        ? AppendAnswers.notAppended(
                                traveller.append.id().partition(), AppendAnswers.tooLateForItsTurn())
                        : refusal);
    }

    private void later(long delayNanos, Runnable task) {
        try {
            ways.schedule(task, Math.max(0, delayNanos));
        } catch (RejectedExecutionException e) {
            // The node is stopping: nothing is sent again.
            close();
        }
    }

    synchronized void close() {
        closed = true;
        held.forEach(AppendLane::giveUp);
        held.clear();
        refused.forEach(AppendLane::giveUp);
        refused.clear();
    }
}
