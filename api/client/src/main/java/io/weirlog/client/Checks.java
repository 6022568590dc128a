package io.weirlog.client;

import java.time.Duration;

/// Refuses options that cannot be, where they are given.
final class Checks {
    /// Long enough for anything, short enough to be counted in nanoseconds from now.
    private static final Duration DURATION_MAX = Duration.ofDays(10_000);

    private Checks() {}

    static Duration positive(String name, Duration value) {
        if (value.isZero()) {
            throw new IllegalArgumentException(name + " must be longer than nothing");
        }
        return notNegative(name, value);
    }

    static Duration notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, it is " + value);
        }
        return value.compareTo(DURATION_MAX) > 0 ? DURATION_MAX : value;
    }

    static long atLeast(String name, long value, long min) {
        if (value < min) {
            throw new IllegalArgumentException(name + " must be at least " + min + ", it is " + value);
        }
        return value;
    }
}
