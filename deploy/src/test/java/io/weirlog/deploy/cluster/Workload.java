package io.weirlog.deploy.cluster;

import io.weirlog.client.Acknowledgement;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.deploy.history.Entry;
import io.weirlog.deploy.history.History;
import io.weirlog.deploy.history.Value;
import io.weirlog.v1.AppendOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Clients that go on writing and reading whatever happens, and write down what they see.
final class Workload implements AutoCloseable {
    private static final int IN_FLIGHT_MAX = 20;
    private static final Duration PAUSE = Duration.ofMillis(5);

    private final String topic;
    private final int partitions;
    private final List<String> addresses;
    private final History history = new History();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong lastAckNanos = new AtomicLong(System.nanoTime());
    private final AtomicLong longestGapNanos = new AtomicLong();
    private volatile boolean stopping;

    Workload(String topic, int partitions, List<String> addresses) {
        this.topic = topic;
        this.partitions = partitions;
        this.addresses = addresses;
    }

    History history() {
        return history;
    }

    /// One writer and one reader for each partition.
    void start() {
        for (var partition = 0; partition < partitions; partition++) {
            var number = partition;
            threads.add(Thread.ofVirtual().name("writer-" + number).start(() -> write(number)));
            threads.add(Thread.ofVirtual().name("reader-" + number).start(() -> read(number)));
        }
    }

    private WeirlogClient connect() {
        return WeirlogClient.builder()
                .bootstrap(addresses)
                .requestTimeout(Duration.ofSeconds(5))
                .build();
    }

    private void write(int partition) {
        var process = "writer-" + partition;
        var room = new Semaphore(IN_FLIGHT_MAX);
        var options = ProducerOptions.builder()
                .linger(Duration.ZERO)
                .deliveryTimeout(Duration.ofSeconds(10))
                .requestTimeout(Duration.ofSeconds(4))
                .maxBlock(Duration.ofSeconds(60))
                .build();
        try (var client = connect();
                var producer = client.producer(options)) {
            for (var count = 0L; !stopping; count++) {
                room.acquireUninterruptibly();
                var send = history.nextSend();
                var value = Value.of(process, count);
                history.add(new Entry.SendInvoked(process, send, partition, value));
                var _ = producer.send(ProducerRecord.of(topic, value).toPartition(partition))
                        .whenComplete((acknowledgement, failure) -> {
                            history.add(outcome(process, send, acknowledgement, failure));
                            room.release();
                        });
                LockSupport.parkNanos(PAUSE.toNanos());
            }
            room.acquire(IN_FLIGHT_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Entry outcome(
            String process, long send, @Nullable Acknowledgement acknowledgement, @Nullable Throwable failure) {
        if (acknowledgement != null) {
            var now = System.nanoTime();
            var gap = now - lastAckNanos.getAndSet(now);
            longestGapNanos.accumulateAndGet(gap, Math::max);
            // Of what was retried for long the broker may not know the offset any more.
            return acknowledgement.offset().isPresent()
                    ? new Entry.SendAcked(
                            process, send, acknowledgement.offset().getAsLong())
                    : new Entry.SendUnknown(process, send);
        }
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        var certain = cause instanceof WeirlogException problem
                && problem.outcome().equals(Optional.of(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED));
        return certain ? new Entry.SendFailed(process, send) : new Entry.SendUnknown(process, send);
    }

    /// The longest time without an acknowledgement since the last call, in milliseconds.
    long takeLongestGapMillis() {
        var running = System.nanoTime() - lastAckNanos.get();
        return TimeUnit.NANOSECONDS.toMillis(Math.max(longestGapNanos.getAndSet(0), running));
    }

    private void read(int partition) {
        var process = "reader-" + partition;
        history.add(new Entry.Positioned(process, partition, 0));
        var next = 0L;
        while (!stopping) {
            try (var client = connect();
                    var consumer = client.consumer(ConsumerOptions.builder()
                            .partition(topic, partition, StartAt.offset(next))
                            .build())) {
                while (!stopping) {
                    for (var record : consumer.poll(Duration.ofMillis(200))) {
                        history.add(new Entry.Polled(
                                process,
                                partition,
                                record.offset(),
                                record.valueText().orElse("")));
                        next = record.offset() + 1;
                    }
                }
            } catch (WeirlogException e) {
                // The reader goes on where it was, through whoever answers.
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            }
        }
    }

    /// Ends the clients, then reads all partitions from their start to their end.
    void finish() throws InterruptedException {
        stopping = true;
        for (var thread : threads) {
            if (!thread.join(Duration.ofSeconds(60))) {
                throw new AssertionError(thread.getName() + " does not end");
            }
        }
        try (var client = connect()) {
            for (var end : client.admin().listOffsets(topic, StartAt.latest())) {
                readAll(client, end.partition().partition(), end.offset().orElseThrow());
            }
        }
    }

    private void readAll(WeirlogClient client, int partition, long end) {
        var deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        try (var consumer = client.consumer(ConsumerOptions.builder()
                .partition(topic, partition, StartAt.earliest())
                .build())) {
            for (var next = 0L; next < end; ) {
                if (System.nanoTime() - deadline > 0) {
                    throw new AssertionError(
                            "partition " + partition + " was read to " + next + " only, not to " + end);
                }
                for (var record : consumer.poll(Duration.ofMillis(500))) {
                    history.add(new Entry.FinalRead(
                            partition, record.offset(), record.valueText().orElse("")));
                    next = record.offset() + 1;
                }
            }
        }
    }

    @Override
    public void close() {
        stopping = true;
    }
}
