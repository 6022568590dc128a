package io.weirlog.bench.load;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/// Reads on a thread of its own, and measures from the time that each record carries to the one at which it is read.
final class Arrivals {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long MISSING_SECONDS_MAX = 60;

    private final Histogram micros = new Histogram(TimeUnit.MINUTES.toMicros(5), 3);
    private final AtomicLong arrived = new AtomicLong();
    private final long countedFromNanos;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile String failure = "";

    /// @param countedFromNanos what was due before is read and not measured
    Arrivals(Contender.Reader reader, long countedFromNanos) {
        this.countedFromNanos = countedFromNanos;
        thread = Thread.ofPlatform().daemon().name("arrivals").start(() -> read(reader));
    }

    /// A copy of a value that begins with this time.
    static byte[] stamped(byte[] value, long nanos) {
        var stamped = value.clone();
        ByteBuffer.wrap(stamped).putLong(nanos);
        return stamped;
    }

    private void read(Contender.Reader reader) {
        try {
            while (!stopped) {
                reader.poll(POLL, this::arrived);
            }
        } catch (RuntimeException e) {
            failure = String.valueOf(e.getMessage());
        }
    }

    private void arrived(byte[] value) {
        long nanos = ByteBuffer.wrap(value).getLong();
        if (nanos - countedFromNanos >= 0) {
            micros.recordValue(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - nanos));
        }
        arrived.incrementAndGet();
    }

    /// Waits until so many have been read, and stops reading.
    ///
    /// @return latencies in microseconds
    Histogram await(long count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MISSING_SECONDS_MAX);
        while (arrived.get() < count && failure.isEmpty() && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        stopped = true;
        thread.join(TimeUnit.SECONDS.toMillis(MISSING_SECONDS_MAX));
        if (arrived.get() < count || thread.isAlive()) {
            throw new IllegalStateException("%d of %d records were read; %s".formatted(arrived.get(), count, failure));
        }
        return micros;
    }
}
