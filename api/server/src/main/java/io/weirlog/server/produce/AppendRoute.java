package io.weirlog.server.produce;

/// Takes appends to the leaders of their partitions.
interface AppendRoute extends AutoCloseable {
    /// Takes the append over: its result comes, whatever happens.
    void append(PartitionAppend append);

    /// Nobody waits for results any more: what has not been sent to a leader will not be.
    @Override
    default void close() {}
}
