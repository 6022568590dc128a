package io.weirlog.server;

import java.util.ArrayDeque;
import java.util.Deque;

/// When a disk will be full if it goes on filling as in the last hour.
final class FillForecast {
    private static final long SAMPLE_MILLIS = 60_000;
    private static final int SAMPLES_MAX = 60;
    private static final double MILLIS_PER_HOUR = 3_600_000;

    private record Sample(long atMillis, long freeBytes) {}

    private final Deque<Sample> samples = new ArrayDeque<>();
    private Sample latest = new Sample(0, 0);

    /// @param freeBytes what is left until the disk counts as full
    void measured(long nowMillis, long freeBytes) {
        latest = new Sample(nowMillis, freeBytes);
        if (samples.isEmpty() || nowMillis - samples.getLast().atMillis >= SAMPLE_MILLIS) {
            samples.add(latest);
            if (samples.size() > SAMPLES_MAX) {
                samples.removeFirst();
            }
        }
    }

    /// 0 if it is full; infinite if it does not fill.
    double hours() {
        if (latest.freeBytes <= 0) {
            return 0;
        }
        var first = samples.getFirst();
        double taken = first.freeBytes - latest.freeBytes;
        return taken <= 0
                ? Double.POSITIVE_INFINITY
                : latest.freeBytes / taken * (latest.atMillis - first.atMillis) / MILLIS_PER_HOUR;
    }
}
