package io.weirlog.server.produce;

import io.grpc.Context;
import io.weirlog.server.relay.RelayedRpc;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Gives each writer its route: only into this broker's own partitions, or to every leader.
final class AppendRoutes implements AutoCloseable {
    private final LocalAppends local;
    private final Optional<AppendPaths.Means> means;
    /// What all single appends share: they have no order among themselves.
    private final Optional<AppendPaths> ofSingles;

    /// @param means of passing on; empty: nothing is passed on
    AppendRoutes(LocalAppends local, Optional<AppendPaths.Means> means) {
        this.local = local;
        this.means = means;
        this.ofSingles = means.map(given -> new AppendPaths(local, given, RelayedRpc.APPEND, "relay", Context.ROOT));
    }

    /// For the appends of one Append call, made in that call: its deadline is theirs.
    AppendRoute ofOne() {
        if (ofSingles.isEmpty()) {
            return local;
        }
        var paths = ofSingles.get();
        var deadline = Context.current().getDeadline();
        var leftNanos = deadline == null ? Long.MAX_VALUE : deadline.timeRemaining(TimeUnit.NANOSECONDS);
        return append -> {
            if (append.leaderOnly()) {
                local.append(append);
            } else {
                var now = paths.nanoTime();
                var hurried = leftNanos < append.deadlineNanos() - now;
                new AppendLane(paths).append(hurried ? append.withDeadlineNanos(now + leftNanos) : append);
            }
        };
    }

    /// For a Produce stream, made in its call: what it opens ends with that.
    AppendRoute ofStream(String clientId) {
        return means.<AppendRoute>map(given -> {
                    var paths = new AppendPaths(local, given, RelayedRpc.PRODUCE, clientId, Context.current());
                    return new AppendLanes(local, paths, given.relay());
                })
                .orElse(local);
    }

    @Override
    public void close() {
        ofSingles.ifPresent(AppendPaths::close);
    }
}
