package io.weirlog.bench.load;

import io.weirlog.bench.load.Contender.Writing;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/// One kind of load on one topic.
final class Workload {
    /// Different values, so that nothing can be made of their being equal.
    private static final int VALUES = 1024;
    /// Shorter waits are spent spinning; a thread that sleeps wakes up about so late.
    private static final long SPIN_NANOS = 60_000;

    private final Contender contender;
    private final String topic;
    private final byte[][] values;

    Workload(Contender contender, String topic, int valueBytes) {
        this.contender = contender;
        this.topic = topic;
        this.values = new byte[VALUES][valueBytes];
        var random = new Random(valueBytes);
        for (var value : values) {
            random.nextBytes(value);
        }
    }

    byte[] value(long index) {
        return values[(int) (index % VALUES)];
    }

    /// Writes as fast as it goes.
    Measured produce(Writing writing, long records) {
        var counted = new Counted();
        try (var writer = contender.writer(topic, writing)) {
            var watch = new Measured.Watch(contender.nodes());
            for (var i = 0L; i < records; i++) {
                writer.send(value(i), counted);
            }
            writer.flush();
            counted.requireSuccess(records);
            return watch.stop(records, records * values[0].length);
        }
    }

    /// Reads from the beginning as many records as were written.
    Measured consume(long records) {
        var watch = new Measured.Watch(contender.nodes());
        var read = contender.read(topic, records);
        return watch.stop(read, read * values[0].length);
    }

    /// Sends at a fixed rate, each record by itself, and measures each from the moment at which it was due: what waits
    /// behind a slow one counts as slow too.
    ///
    /// @return latencies in microseconds
    Histogram latency(Writing writing, int recordsPerSecond, Duration duration) {
        var histogram = new Histogram(TimeUnit.MINUTES.toMicros(5), 3);
        var failure = new AtomicReference<Exception>();
        try (var writer = contender.writer(topic, writing)) {
            var count = recordsPerSecond * duration.toSeconds();
            var beganNanos = System.nanoTime();
            for (var i = 0L; i < count; i++) {
                var dueNanos = beganNanos + i * TimeUnit.SECONDS.toNanos(1) / recordsPerSecond;
                awaitNanos(dueNanos);
                writer.send(value(i), new Timed(histogram, failure, dueNanos));
            }
            writer.flush();
            if (histogram.getTotalCount() != count) {
                throw new IllegalStateException(
                        histogram.getTotalCount() + " of " + count + " were acknowledged; " + failure);
            }
        }
        return histogram;
    }

    /// Sends at a fixed rate to a reader that waits for more, and measures each record from the moment at which it was
    /// due
    /// to the moment at which it was read.
    ///
    /// @param warmUp what comes before is not measured
    /// @return latencies in microseconds
    Histogram endToEnd(Writing writing, int recordsPerSecond, Duration warmUp, Duration measured)
            throws InterruptedException {
        var counted = new Counted();
        var count = recordsPerSecond * warmUp.plus(measured).toSeconds();
        try (var writer = contender.writer(topic, writing);
                var reader = contender.reader(topic)) {
            var beganNanos = System.nanoTime();
            var arrivals = new Arrivals(reader, beganNanos + warmUp.toNanos());
            for (var i = 0L; i < count; i++) {
                var dueNanos = beganNanos + i * TimeUnit.SECONDS.toNanos(1) / recordsPerSecond;
                awaitNanos(dueNanos);
                writer.send(Arrivals.stamped(value(i), dueNanos), counted);
            }
            writer.flush();
            counted.requireSuccess(count);
            return arrivals.await(count);
        }
    }

    /// Waits for a moment of `System.nanoTime`.
    static void awaitNanos(long dueNanos) {
        for (var left = dueNanos - System.nanoTime(); left > 0; left = dueNanos - System.nanoTime()) {
            if (left > SPIN_NANOS) {
                LockSupport.parkNanos(left - SPIN_NANOS);
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private static final class Timed extends Outcome {
        private final Histogram histogram;
        private final AtomicReference<Exception> lastFailure;
        private final long dueNanos;

        Timed(Histogram histogram, AtomicReference<Exception> lastFailure, long dueNanos) {
            this.histogram = histogram;
            this.lastFailure = lastFailure;
            this.dueNanos = dueNanos;
        }

        @Override
        void acknowledged() {
            synchronized (histogram) {
                histogram.recordValue(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - dueNanos));
            }
        }

        @Override
        void failed(Exception failure) {
            lastFailure.set(failure);
        }
    }

    private static final class Counted extends Outcome {
        private final LongAdder acknowledged = new LongAdder();
        private volatile String firstFailure = "";

        @Override
        void acknowledged() {
            acknowledged.increment();
        }

        @Override
        void failed(Exception failure) {
            firstFailure = String.valueOf(failure.getMessage());
        }

        void requireSuccess(long records) {
            if (acknowledged.sum() != records) {
                throw new IllegalStateException(
                        acknowledged.sum() + " of " + records + " records were acknowledged; " + firstFailure);
            }
        }
    }
}
