package io.weirlog.log;

import java.time.Duration;
import java.util.OptionalLong;

/// How a node compacts its logs.
///
/// @param threads logs that are cleaned at the same time
/// @param dedupeBufferBytes what all of them together may take to remember keys, outside the heap; only while they
///     clean
/// @param bytesPerSecondMax what all of them together may read and write; empty: as fast as they can
/// @param backoff how long a thread waits that has found nothing to clean
public record CleanerConfig(int threads, long dedupeBufferBytes, OptionalLong bytesPerSecondMax, Duration backoff) {
    public static final CleanerConfig DEFAULTS =
            new CleanerConfig(1, 128L << 20, OptionalLong.empty(), Duration.ofSeconds(15));
}
