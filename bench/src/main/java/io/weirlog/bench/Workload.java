package io.weirlog.bench;

import io.weirlog.client.Acknowledgement;
import io.weirlog.client.Acks;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.SendCallback;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.record.Compression;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;

/// One kind of load on one topic.
final class Workload {
    /// Different values, so that nothing can be made of their being equal.
    private static final int VALUES = 1024;

    private final ServerProcess server;
    private final String topic;
    private final byte[][] values;
    private final Acks acks;
    private final Compression compression;

    Workload(ServerProcess server, String topic, int valueBytes, Acks acks, Compression compression) {
        this.server = server;
        this.topic = topic;
        this.acks = acks;
        this.compression = compression;
        this.values = new byte[VALUES][valueBytes];
        var random = new Random(valueBytes);
        for (var value : values) {
            random.nextBytes(value);
        }
    }

    /// Writes as fast as it goes.
    Measured produce(WeirlogClient client, long records) {
        var outcome = new Outcome();
        var options = ProducerOptions.builder()
                .acks(acks)
                .compression(compression)
                .linger(Duration.ofMillis(5))
                .batchBytes(256 * 1024)
                .build();
        try (var producer = client.producer(options)) {
            var watch = new Measured.Watch(server);
            for (var i = 0L; i < records; i++) {
                producer.send(ProducerRecord.of(topic, values[(int) (i % VALUES)]), outcome);
            }
            producer.flush(Duration.ofMinutes(2));
            outcome.requireSuccess(records);
            return watch.stop(records, records * values[0].length);
        }
    }

    /// Reads from the beginning as many records as were written.
    Measured consume(WeirlogClient client, long records) {
        var options =
                ConsumerOptions.builder().topic(topic).start(StartAt.earliest()).build();
        try (var consumer = client.consumer(options)) {
            var watch = new Measured.Watch(server);
            var read = 0L;
            while (read < records) {
                var polled = consumer.poll(Duration.ofSeconds(10));
                if (polled.isEmpty()) {
                    throw new IllegalStateException("nothing came after " + read + " of " + records + " records");
                }
                read += polled.size();
            }
            return watch.stop(read, read * values[0].length);
        }
    }

    /// Sends at a fixed rate, each record by itself, and measures each from the moment at which it was due: what waits
    /// behind a slow one counts as slow too.
    ///
    /// @return latencies in microseconds
    Histogram latency(WeirlogClient client, int recordsPerSecond, Duration duration) {
        var histogram = new Histogram(TimeUnit.MINUTES.toMicros(1), 3);
        var options = ProducerOptions.builder().acks(acks).linger(Duration.ZERO).build();
        try (var producer = client.producer(options)) {
            var count = recordsPerSecond * duration.toSeconds();
            var beganNanos = System.nanoTime();
            for (var i = 0L; i < count; i++) {
                var dueNanos = beganNanos + i * 1_000_000_000L / recordsPerSecond;
                while (System.nanoTime() - dueNanos < 0) {
                    Thread.onSpinWait();
                }
                producer.send(ProducerRecord.of(topic, values[(int) (i % VALUES)]), new Timed(histogram, dueNanos));
            }
            producer.flush(Duration.ofMinutes(1));
        }
        return histogram;
    }

    private record Timed(Histogram histogram, long dueNanos) implements SendCallback {
        @Override
        public void onAcknowledged(Acknowledgement acknowledgement) {
            synchronized (histogram) {
                histogram.recordValue(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - dueNanos));
            }
        }

        @Override
        public void onFailed(WeirlogException failure) {
            throw failure;
        }
    }

    private static final class Outcome implements SendCallback {
        private final LongAdder acknowledged = new LongAdder();
        private volatile String firstFailure = "";

        @Override
        public void onAcknowledged(Acknowledgement acknowledgement) {
            acknowledged.increment();
        }

        @Override
        public void onFailed(WeirlogException failure) {
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
