package io.weirlog.replication;

import io.weirlog.common.Offset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Appends that are written and wait to count, in log order. Used by the partition's owner only.
final class PendingAppends {
    private final ArrayDeque<Pending> queue = new ArrayDeque<>();
    private final int appendsMax;
    private long nearestDeadlineNanos = Long.MAX_VALUE;

    /// @param command answered when the safe end reaches `end`
    /// @param success what it is then told, but for who holds it
    record Pending(AppendCommand command, Offset end, AppendResult.InLog success) {}

    PendingAppends(int appendsMax) {
        this.appendsMax = appendsMax;
    }

    boolean isFull() {
        return queue.size() >= appendsMax;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /// Ends come in ascending order, as the log hands them out; only that of a repeated batch may lie further back.
    void add(Pending pending) {
        if (queue.isEmpty() || pending.command.deadlineNanos() - nearestDeadlineNanos < 0) {
            nearestDeadlineNanos = pending.command.deadlineNanos();
        }
        var later = new ArrayDeque<Pending>(0);
        while (!queue.isEmpty() && queue.getLast().end.isAfter(pending.end)) {
            later.addFirst(queue.removeLast());
        }
        queue.add(pending);
        queue.addAll(later);
    }

    /// Answers everything that ends at or before `safeEnd`, which so many replicas hold.
    void completeUpTo(Offset safeEnd, int holders) {
        for (var first = queue.peek(); first != null && !first.end.isAfter(safeEnd); first = queue.peek()) {
            queue.remove();
            first.command.complete(first.success.heldBy(holders));
        }
    }

    /// Answers what waited too long. The records stay in the log and may well count later.
    void expire(long nowNanos) {
        if (queue.isEmpty() || nearestDeadlineNanos - nowNanos > 0) {
            return;
        }
        List<Pending> expired = new ArrayList<>();
        var nearest = Long.MAX_VALUE;
        for (var each = queue.iterator(); each.hasNext(); ) {
            var pending = each.next();
            var left = pending.command.deadlineNanos() - nowNanos;
            if (left <= 0) {
                each.remove();
                expired.add(pending);
            } else {
                nearest = Math.min(nearest, left);
            }
        }
        nearestDeadlineNanos = nowNanos + nearest;
        for (var pending : expired) {
            pending.command.complete(new AppendResult.Unknown(
                    AppendResult.UnknownCause.TIMED_OUT,
                    "written before offset " + pending.end + ", but not acknowledged before the deadline"));
        }
    }

    /// Answers everything with what `result` makes of it.
    void drain(Function<Pending, AppendResult> result) {
        for (var first = queue.poll(); first != null; first = queue.poll()) {
            first.command.complete(result.apply(first));
        }
    }
}
