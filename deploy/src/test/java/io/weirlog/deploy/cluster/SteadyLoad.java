package io.weirlog.deploy.cluster;

import io.weirlog.client.PartitionRef;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.v1.AppendOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Writes at a steady rate, acks=all, and notes how long each record took from the moment at which it was due: records
/// that had to wait behind a slow one count as slow too.
public final class SteadyLoad implements AutoCloseable {
    private static final int PER_SECOND = 200;
    private static final int VALUE_CHARS = 1_024;

    private final String topic;
    private final int partitions;
    private final List<String> addresses;
    private final Object lock = new Object();
    private final Map<PartitionRef, Map<Long, String>> acknowledged = new HashMap<>();
    private List<Long> latenciesNanos = new ArrayList<>();
    private @Nullable Throwable failure;
    private int unknown;
    private final Thread thread = Thread.ofPlatform().name("load").daemon().unstarted(this::run);
    private volatile boolean stopping;

    public SteadyLoad(String topic, int partitions, List<String> addresses) {
        this.topic = topic;
        this.partitions = partitions;
        this.addresses = addresses;
    }

    public void start() {
        thread.start();
    }

    /// Lets it run for so long.
    void await(Duration duration) throws InterruptedException {
        thread.join(duration);
    }

    private void run() {
        var options = ProducerOptions.builder()
                .linger(Duration.ZERO)
                .requestTimeout(Duration.ofSeconds(5))
                .build();
        try (var client = WeirlogClient.builder()
                        .bootstrap(addresses)
                        .requestTimeout(Duration.ofSeconds(5))
                        .build();
                var producer = client.producer(options)) {
            long begunNanos = System.nanoTime();
            for (long count = 0; !stopping; count++) {
                long dueNanos = begunNanos + count * TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
                while (System.nanoTime() < dueNanos) {
                    LockSupport.parkNanos(dueNanos - System.nanoTime());
                }
                var partition = new PartitionRef(topic, (int) (count % partitions));
                var value = "load " + count;
                var _ = producer.send(ProducerRecord.of(topic, value + " ".repeat(VALUE_CHARS - value.length()))
                                .toPartition(partition.partition()))
                        .whenComplete((acknowledgement, wrong) -> {
                            if (acknowledgement == null) {
                                failed(wrong);
                            } else {
                                done(partition, acknowledgement.offset().orElseThrow(), value, dueNanos);
                            }
                        });
            }
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    private void done(PartitionRef partition, long offset, String value, long dueNanos) {
        synchronized (lock) {
            latenciesNanos.add(System.nanoTime() - dueNanos);
            acknowledged.computeIfAbsent(partition, _ -> new HashMap<>()).put(offset, value);
        }
    }

    /// A record may or may not be in the log when the connection that it was sent over breaks: that is told, and is no
    /// failure.
    private void failed(@Nullable Throwable wrong) {
        var cause = wrong instanceof CompletionException && wrong.getCause() != null ? wrong.getCause() : wrong;
        synchronized (lock) {
            if (cause instanceof WeirlogException refused
                    && refused.outcome().equals(Optional.of(AppendOutcome.APPEND_OUTCOME_UNKNOWN))) {
                unknown++;
            } else {
                failure = cause;
            }
        }
    }

    /// Records of which nobody knows whether they are in the log.
    int unknown() {
        synchronized (lock) {
            return unknown;
        }
    }

    /// Of the records acknowledged since the last call.
    List<Long> takeLatencies() {
        synchronized (lock) {
            var taken = latenciesNanos;
            latenciesNanos = new ArrayList<>();
            return taken;
        }
    }

    /// Ends the load; nothing of it may have failed.
    ///
    /// @return the values of all acknowledged records by their offsets
    public Map<PartitionRef, Map<Long, String>> finish() throws InterruptedException {
        stopping = true;
        if (!thread.join(Duration.ofSeconds(60))) {
            throw new AssertionError("the load does not end");
        }
        synchronized (lock) {
            if (failure != null) {
                throw new AssertionError("a record was not acknowledged", failure);
            }
            return acknowledged;
        }
    }

    @Override
    public void close() {
        stopping = true;
    }
}
