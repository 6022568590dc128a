package io.weirlog.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// Reads partitions in offset order over one stream. For one thread at a time; only [#close] may come from another.
///
/// The broker sends ahead as far as the options' credits allow, so memory is bounded when nobody polls. A broken stream
/// is opened again where reading stopped: no record is skipped or returned twice.
public interface Consumer extends AutoCloseable {
    /// The next records, waiting at most `timeout` for the first of them; empty if there are none in time. Records of
    /// one partition come in offset order.
    ///
    /// @throws OffsetOutOfRangeException if a partition has no such offset; [#seek] it to go on
    /// @throws WeirlogException if a partition cannot be read (the others go on with the next poll),
    ///     or if no broker was reached for the client's request timeout
    /// @throws IllegalStateException if the consumer is closed or in use by another thread
    List<ConsumerRecord> poll(Duration timeout);

    /// The partitions that are read; empty until the first poll has reached a broker.
    Set<PartitionRef> assignment();

    /// The offset that the next poll of this partition reads at; empty until a broker has found it.
    OptionalLong position(PartitionRef partition);

    /// Reads on from there: the next poll returns records of that position on. Needs the partition assigned, except
    /// that with a timestamp, earliest or latest it also asks the broker for the offset.
    ///
    /// @throws WeirlogException if the offset cannot be looked up
    void seek(PartitionRef partition, StartAt position);

    /// Stops returning records of these partitions, from now on.
    void pause(Collection<PartitionRef> partitions);

    /// Goes on with partitions where they were paused.
    void resume(Collection<PartitionRef> partitions);

    Set<PartitionRef> paused();

    /// Whether everything that was there has been returned: every assigned partition that is not paused was read up to
    /// its high watermark, as the broker said after the last batch. False before partitions are assigned.
    boolean caughtUp();

    /// The same for one partition.
    boolean caughtUp(PartitionRef partition);

    /// Ends the stream. A poll under way in another thread ends with [IllegalStateException].
    @Override
    void close();
}
