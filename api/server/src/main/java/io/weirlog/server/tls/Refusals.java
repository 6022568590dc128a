package io.weirlog.server.tls;

import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.tls.TlsFailure;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells of connections that were refused: each in the metrics, in the log the first of a peer and then one in a while.
/// Thread-safe.
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int PEERS_MAX = 1024;

    private final MeterRegistry meters;
    private final Map<String, Long> told = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > PEERS_MAX;
        }
    };

    Refusals(MeterRegistry meters) {
        this.meters = meters;
    }

    /// @param port which of the node's: `client`, `internal`, `raft`
    /// @param peer who, as far as that is known: an address without its port
    void tell(String port, String peer, TlsFailure failure) {
        var reason = failure.kind().name().toLowerCase(Locale.ROOT);
        meters.counter("weirlog.tls.refused.connections", "port", port, "reason", reason)
                .increment();
        if (isNews(port + ' ' + peer + ' ' + reason, System.nanoTime())) {
            LOG.warn(
                    "no connection with {} at the {} port: {}; more of the same from there is not told for {} s",
                    peer,
                    port,
                    failure.message().replaceAll("\\p{Cntrl}", "?"),
                    Duration.ofNanos(QUIET_NANOS).toSeconds());
        }
    }

    private synchronized boolean isNews(String key, long nowNanos) {
        var last = told.get(key);
        if (last != null && nowNanos - last < QUIET_NANOS) {
            return false;
        }
        told.remove(key);
        told.put(key, nowNanos);
        return true;
    }
}
