package io.weirlog.replication;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// How far a broker is with the partitions that it had when it started.
///
/// @param partitions to be opened, so far as they are known
/// @param recovered of them
/// @param recoveredBytes of their logs
/// @param left how long the others will take at the speed so far; empty if that cannot be said
public record RecoveryState(
        int partitions, int recovered, long recoveredBytes, Duration elapsed, Optional<Duration> left) {
    public int remaining() {
        return partitions - recovered;
    }

    /// `812/10000 partitions, 41.0 GiB, 12 s left`
    @Override
    public String toString() {
        return recovered + "/" + partitions + " partitions, "
                + String.format(Locale.ROOT, "%.1f GiB", (double) recoveredBytes / (1L << 30))
                + left.map(rest -> ", " + rest.toSeconds() + " s left").orElse("");
    }
}
