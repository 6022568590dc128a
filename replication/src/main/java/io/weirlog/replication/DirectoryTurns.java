package io.weirlog.replication;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Gives the directory of a name to one host at a time. A replica that is let go and soon added again, or a topic
/// that is deleted and made again, has two hosts: the latter must not open the log that the former is about to delete.
///
/// A host has its turn from its opening on, until it is released and all that it has begun in the directory has ended.
/// By any thread.
final class DirectoryTurns {
    private static final class Turn {
        final String name;
        final CompletableFuture<Void> ended = new CompletableFuture<>();
        /// For what the turn still lasts.
        int holds = 1;

        Turn(String name) {
            this.name = name;
        }
    }

    private final Map<PartitionHost, Turn> turns = new HashMap<>();
    /// By name, whose turn is the last asked for.
    private final Map<String, Turn> last = new HashMap<>();

    /// Asks for a turn, which lasts until [#leave].
    ///
    /// @return completes once all hosts before have left
    synchronized CompletableFuture<Void> enter(PartitionHost host) {
        var turn = new Turn(host.name());
        turns.put(host, turn);
        var before = last.put(turn.name, turn);
        return before == null ? CompletableFuture.completedFuture(null) : before.ended;
    }

    /// One more [#leave] is to be waited for.
    synchronized void hold(PartitionHost host) {
        var turn = turns.get(host);
        if (turn != null) {
            turn.holds++;
        }
    }

    void leave(PartitionHost host) {
        var turn = left(host);
        if (turn != null) {
            turn.ended.complete(null);
        }
    }

    private synchronized @Nullable Turn left(PartitionHost host) {
        var turn = turns.get(host);
        if (turn == null || --turn.holds > 0) {
            return null;
        }
        turns.remove(host);
        last.remove(turn.name, turn);
        return turn;
    }
}
