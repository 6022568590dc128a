package io.weirlog.bench.load;

import io.weirlog.bench.cluster.Nodes;
import io.weirlog.record.Compression;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// A cluster of real processes and a client of it.
interface Contender extends AutoCloseable {
    /// How records are written.
    ///
    /// @param acks `none`, `leader` or `all`
    /// @param linger how long a record may wait for others
    /// @param idempotent whether each record is taken once, however often it is sent
    record Writing(String acks, Compression compression, Duration linger, int batchBytes, boolean idempotent) {}

    /// Writes records of one topic.
    interface Writer extends AutoCloseable {
        /// To any partition.
        void send(byte[] value, Outcome outcome);

        void send(int partition, byte[] value, Outcome outcome);

        /// Waits until all are acknowledged or have failed.
        void flush();

        @Override
        void close();
    }

    /// Reads all partitions of one topic, from the beginning and then as records come. For one thread.
    interface Reader extends AutoCloseable {
        /// Waits for records and gives their values.
        void poll(Duration waitMax, Consumer<byte[]> values);

        @Override
        void close();
    }

    Nodes nodes();

    /// @param replicas 3 of them have to be two in sync
    void createTopic(String topic, int partitions, int replicas) throws Exception;

    Writer writer(String topic, Writing writing);

    /// Reads from the beginning of all partitions.
    ///
    /// @return how many records came: at least `records`
    long read(String topic, long records);

    Reader reader(String topic);

    /// Opens so many readers of a topic, each of one of its partitions, from its end on, and returns when all are
    /// there.
    /// They wait for records until they are closed.
    AutoCloseable idleReaders(String topic, int partitions, int count) throws Exception;

    /// The node that leads a partition, if one does.
    OptionalInt leader(String topic, int partition) throws Exception;

    /// Whether all replicas of a topic are in sync.
    boolean isInSync(String topic) throws Exception;

    @Override
    void close();

    /// The value of `min.insync.replicas`.
    static int minInSync(int replicas) {
        return replicas > 2 ? 2 : 1;
    }
}
