package io.weirlog.client;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// Which brokers could not be reached lately: others are asked first, and pass requests on, for a time that
/// doubles with each failure. Pure but for its lock: several threads fail and succeed.
final class AvoidedAddresses {
    private static final long FIRST_NANOS = Duration.ofSeconds(5).toNanos();
    private static final int DOUBLINGS_MAX = 6;
    /// Brokers come and go under new addresses; the oldest entries are forgotten.
    private static final int ADDRESSES_MAX = 10_000;

    private final Map<Address, Failures> failures = new HashMap<>();

    private record Failures(int count, long untilNanos) {}

    synchronized void failed(Address address, long nowNanos) {
        if (failures.size() >= ADDRESSES_MAX) {
            failures.values().removeIf(each -> nowNanos - each.untilNanos() >= 0);
        }
        var before = failures.get(address);
        var count = before == null ? 1 : Math.min(before.count() + 1, DOUBLINGS_MAX + 1);
        failures.put(address, new Failures(count, nowNanos + (FIRST_NANOS << (count - 1))));
    }

    synchronized void reached(Address address) {
        failures.remove(address);
    }

    /// Whether nothing speaks against trying it now.
    synchronized boolean isWorthTrying(Address address, long nowNanos) {
        var failed = failures.get(address);
        return failed == null || nowNanos - failed.untilNanos() >= 0;
    }
}
