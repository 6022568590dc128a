package io.weirlog.server.relay;

import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Routing;

/// How requests choose their way, and what sends them on another one.
public final class Routes {
    /// How long a request waits for a partition to have a leader that answers, unless its own deadline is earlier: an
    /// election takes about a second, what takes longer is the client's to know.
    public static final long PATIENCE_MILLIS = 5_000;

    /// Between one attempt and the next.
    public static final long BACKOFF_MILLIS = 50;

    private Routes() {}

    public static boolean leaderOnly(Routing routing) {
        return routing == Routing.ROUTING_LEADER_ONLY;
    }

    /// Whether another broker, or the same one a little later, may know better.
    public static boolean goesElsewhere(Problem problem) {
        return problem.getReason() == ErrorReason.ERROR_REASON_NOT_LEADER
                || problem.getReason() == ErrorReason.ERROR_REASON_NO_LEADER
                || problem.getReason() == ErrorReason.ERROR_REASON_SHUTTING_DOWN;
    }
}
