package io.weirlog.bench.groups;

/// A cluster that groups read from.
interface Cluster extends AutoCloseable {
    String addresses();

    void createTopic(String topic, int partitions) throws Exception;

    /// Writes a value to a partition; what becomes of it is not waited for.
    void send(String topic, int partition, byte[] value);

    @Override
    void close();
}
