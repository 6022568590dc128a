package io.weirlog.bench.load;

import io.weirlog.bench.load.Contender.Writing;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Takes the leader of a partition away while records are written to it, and tells how long none is acknowledged.
final class LeaderLoss {
    private static final String TOPIC = "failover";
    private static final int REPLICAS = 3;
    private static final int RECORDS_PER_SECOND = 1_000;
    private static final int VALUE_BYTES = 1024;
    private static final long BEFORE_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long STEP_SECONDS_MAX = 120;
    private static final long LOOK_AGAIN_MILLIS = 20;

    private final Contender contender;
    private final Writing writing;

    LeaderLoss(Contender contender, Writing writing) throws Exception {
        this.contender = contender;
        this.writing = writing;
        contender.createTopic(TOPIC, 1, REPLICAS);
        awaitInSync();
    }

    /// SIGKILL; the node is back when this returns.
    ///
    /// @return the longest time without an acknowledgement, in milliseconds
    double kill() throws Exception {
        int node = contender.leader(TOPIC, 0).orElseThrow();
        double gap = measure(() -> contender.nodes().process(node).kill());
        contender.nodes().start(node);
        awaitInSync();
        return gap;
    }

    /// SIGSTOP; the node goes on when this returns.
    ///
    /// @return the longest time without an acknowledgement, in milliseconds
    double pause() throws Exception {
        int node = contender.leader(TOPIC, 0).orElseThrow();
        double gap = measure(() -> contender.nodes().process(node).pause());
        contender.nodes().process(node).resume();
        awaitInSync();
        return gap;
    }

    @FunctionalInterface
    private interface Fault {
        void strike() throws IOException, InterruptedException;
    }

    private double measure(Fault fault) throws Exception {
        var acks = new Acks();
        var struck = new CompletableFuture<Long>();
        var workload = new Workload(contender, TOPIC, VALUE_BYTES);
        var striking = Thread.ofVirtual().start(() -> {
            try {
                TimeUnit.NANOSECONDS.sleep(BEFORE_NANOS);
                var now = System.nanoTime();
                fault.strike();
                struck.complete(now);
            } catch (IOException | InterruptedException e) {
                struck.completeExceptionally(e);
            }
        });
        try (var writer = contender.writer(TOPIC, writing)) {
            var begun = System.nanoTime();
            var deadline = begun + TimeUnit.SECONDS.toNanos(STEP_SECONDS_MAX);
            for (var i = 0L; !acks.haveGoneOn(struck); i++) {
                var due = begun + i * TimeUnit.SECONDS.toNanos(1) / RECORDS_PER_SECOND;
                Workload.awaitNanos(due);
                if (due > deadline) {
                    throw new IllegalStateException("no acknowledgement within " + STEP_SECONDS_MAX + " s");
                }
                writer.send(0, workload.value(i), acks.of(due));
            }
            striking.join();
            return acks.longestGapNanos() / 1e6;
        }
    }

    private void awaitInSync() throws Exception {
        var deadline = System.nanoTime() + Duration.ofSeconds(STEP_SECONDS_MAX).toNanos();
        while (!contender.isInSync(TOPIC)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(TOPIC + ": the replicas are not in sync");
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
        }
    }

    /// When records were acknowledged. The first second does not count: connections are made then.
    private static final class Acks {
        private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(1);

        private final long begunNanos = System.nanoTime();
        private long lastNanos;
        private long longestGapNanos;
        private long latestDueNanos = Long.MIN_VALUE;

        Outcome of(long dueNanos) {
            return new Outcome() {
                @Override
                void acknowledged() {
                    add(dueNanos);
                }

                @Override
                void failed(Exception failure) {
                    // A record on its way to a leader that dies may fail with an unknown outcome: no acknowledgement.
                }
            };
        }

        private synchronized void add(long dueNanos) {
            var now = System.nanoTime();
            if (now - begunNanos > FIRST_NANOS) {
                longestGapNanos = lastNanos == 0 ? 0 : Math.max(longestGapNanos, now - lastNanos);
                lastNanos = now;
            }
            latestDueNanos = Math.max(latestDueNanos, dueNanos);
        }

        /// Whether a record is acknowledged that was due a while after the fault.
        synchronized boolean haveGoneOn(CompletableFuture<Long> struck) {
            return struck.isDone() && latestDueNanos > struck.join() + AFTER_NANOS;
        }

        synchronized long longestGapNanos() {
            return longestGapNanos;
        }
    }
}
