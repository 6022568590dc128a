package io.weirlog.bench.groups;

import java.util.concurrent.TimeUnit;

/// Writes a record to each partition again and again, which carries the time at which it was written.
final class Feeder implements AutoCloseable {
    static final long INTERVAL_MILLIS = 100;

    private final Thread thread;

    Feeder(Cluster cluster, String topic, int partitions) {
        thread = Thread.ofPlatform().daemon().name("feeder").start(() -> run(cluster, topic, partitions));
    }

    private static void run(Cluster cluster, String topic, int partitions) {
        try {
            while (!Thread.interrupted()) {
                var value = Members.stamp(System.nanoTime());
                for (int partition = 0; partition < partitions; partition++) {
                    cluster.send(topic, partition, value);
                }
                TimeUnit.MILLISECONDS.sleep(INTERVAL_MILLIS);
            }
        } catch (InterruptedException e) {
            // The end.
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
