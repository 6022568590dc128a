package io.weirlog.server.request;

import io.weirlog.common.BrokerId;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Logs requests that took long: as text for people, with the same facts as keys for who collects JSON.
final class SlowRequests {
    private static final Logger LOG = LoggerFactory.getLogger(SlowRequests.class);
    private static final int LINES_PER_SECOND = 10;

    private final BrokerId node;
    private final long slowNanos;
    private final LogBudget budget = new LogBudget(LINES_PER_SECOND, Duration.ofSeconds(1));

    /// @param slowMillis from when on a request is slow; 0: none is
    SlowRequests(BrokerId node, int slowMillis) {
        this.node = node;
        this.slowNanos = slowMillis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(slowMillis);
    }

    boolean isSlow(long nanos) {
        return nanos >= slowNanos;
    }

    /// A request of which only the method is known.
    void call(String method, String outcome, Origin origin, long nanos) {
        var leftOut = budget.take(System.nanoTime());
        if (leftOut.isEmpty()) {
            return;
        }
        LOG.atWarn()
                .addKeyValue("node", node)
                .addKeyValue("method", method)
                .addKeyValue("peer", origin.peer())
                .addKeyValue("millis", millis(nanos))
                .log(
                        "slow request: {} from {} took {} ms and ended with {}{}{}",
                        method,
                        origin.peer(),
                        millis(nanos),
                        outcome,
                        trace(origin),
                        others(leftOut.getAsLong()));
    }

    /// An append to a partition that is led here.
    void append(AppendTimes append, Origin origin) {
        var leftOut = budget.take(System.nanoTime());
        if (leftOut.isEmpty()) {
            return;
        }
        origin.told();
        LOG.atWarn()
                .addKeyValue("node", node)
                .addKeyValue("method", "append")
                .addKeyValue("topic", append.topic())
                .addKeyValue("partition", append.partition())
                .addKeyValue("peer", origin.peer())
                .addKeyValue("millis", millis(append.totalNanos()))
                .log(
                        "slow request: append to partition {} of topic '{}' from {} took {} ms: {}{}{}",
                        append.partition(),
                        append.topic(),
                        origin.peer(),
                        millis(append.totalNanos()),
                        append.stages(),
                        trace(origin),
                        others(leftOut.getAsLong()));
    }

    private static String trace(Origin origin) {
        return origin.trace().map(trace -> "; trace " + trace.parent()).orElse("");
    }

    private static String others(long leftOut) {
        return leftOut == 0 ? "" : "; " + leftOut + " more were not logged";
    }

    static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
