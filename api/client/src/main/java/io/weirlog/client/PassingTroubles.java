package io.weirlog.client;

import io.weirlog.v1.Problem;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// When a broker is asked to try again with partitions that are in trouble which may pass.
final class PassingTroubles {
    private final Map<PartitionReading, Long> resumeAtNanos = new HashMap<>();
    private final long patienceNanos;

    /// @param patienceNanos after this much trouble it is the user's
    PassingTroubles(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    /// Has a partition tried again after a while.
    ///
    /// @throws WeirlogException if it has been in trouble for too long
    void tryAgain(PartitionReading reading, Problem problem) {
        var nowNanos = System.nanoTime();
        var attempts = reading.troubled(nowNanos);
        var decision = RetryPolicy.DEFAULT.repeatable(
                problem, attempts, Long.MAX_VALUE, ThreadLocalRandom.current().nextDouble());
        var delayMillis = decision instanceof RetryPolicy.Retry retry ? retry.delayMillis() : 0;
        resumeAtNanos.put(reading, nowNanos + TimeUnit.MILLISECONDS.toNanos(delayMillis));
        if (reading.troubledNanos(nowNanos) >= patienceNanos) {
            reading.complained();
            throw WeirlogException.of(problem);
        }
    }

    /// Those to try now; each once.
    List<PartitionReading> takeDue() {
        if (resumeAtNanos.isEmpty()) {
            return List.of();
        }
        var nowNanos = System.nanoTime();
        var due = resumeAtNanos.entrySet().stream()
                .filter(entry -> nowNanos - entry.getValue() >= 0)
                .map(Map.Entry::getKey)
                .toList();
        due.forEach(resumeAtNanos::remove);
        return due;
    }

    void forgetAll() {
        resumeAtNanos.clear();
    }
}
