package io.weirlog.replication;

import io.weirlog.log.SharedSync;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The logs of one data directory that wait to become durable. Each stands in it at most once, so it never holds more
/// than there are partitions. Not thread-safe.
///
/// ```
/// state    next turn                          until it ends
/// few wait the first of them                  others are taken beside it
/// many     all of them, with one call         nobody is taken: the next call serves all who come
/// ```
final class SyncQueue {
    private final @Nullable SharedSync shared;
    private final SyncChoice choice;
    private final ArrayDeque<LogSyncer.Ticket> waiting = new ArrayDeque<>();
    private boolean sharing;

    /// What one thread does next.
    sealed interface Turn {
        record One(SyncQueue queue, LogSyncer.Ticket ticket) implements Turn {}

        record All(SyncQueue queue, List<LogSyncer.Ticket> tickets, SharedSync shared) implements Turn {}
    }

    /// @param shared null where each log has to be synced by itself
    SyncQueue(@Nullable SharedSync shared, SyncChoice choice) {
        this.shared = shared;
        this.choice = choice;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void add(LogSyncer.Ticket ticket) {
        if (ticket.startsWaiting()) {
            waiting.add(ticket);
        }
    }

    /// Those taken wait no longer: what is appended to their logs from now on asks for the next turn.
    Optional<Turn> take() {
        if (sharing || waiting.isEmpty()) {
            return Optional.empty();
        }
        var together = shared;
        if (together != null && together.isUsable() && choice.isShared(waiting.size())) {
            sharing = true;
            var all = List.copyOf(waiting);
            waiting.clear();
            all.forEach(LogSyncer.Ticket::endsWaiting);
            return Optional.of(new Turn.All(this, all, together));
        }
        var first = waiting.remove();
        first.endsWaiting();
        return Optional.of(new Turn.One(this, first));
    }

    void oneTook(long nanos) {
        choice.oneTook(nanos);
    }

    void allTook(long nanos) {
        sharing = false;
        choice.allTook(nanos);
    }
}
