package io.weirlog.bench.topics;

/// A cluster that is ready, and a client that has used it.
interface Contender extends AutoCloseable {
    /// What a topic took, in milliseconds from the request on.
    ///
    /// @param created until the request was answered
    /// @param served until each partition has acknowledged one record, with acks=all
    record Taken(double created, double served) {}

    Taken serve(String topic, int partitions, int replicas) throws Exception;

    @Override
    void close();
}
