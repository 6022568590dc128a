package io.weirlog.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// Reads a group's share of its topics: the group's members divide the partitions among them, and the group
/// remembers how far it has read. For one thread at a time; only [#close] may come from another.
///
/// ```
/// try (var consumer = client.groupConsumer(GroupOptions.builder("shipping").topic("orders").build())) {
///     while (true) {
///         consumer.poll(Duration.ofSeconds(1)).forEach(record -> ship(record));
///     }
/// }
/// ```
/// What a poll has returned counts as dealt with when the next poll begins: that is what automatic commits commit,
/// and so nothing is skipped, while records since the last commit come again to whoever reads on after a crash.
///
/// The membership lasts as long as the stream to a broker, whether or not anybody polls; but a partition that goes
/// to another member has to be let go by a poll within the rebalance timeout. If the broker goes, the consumer
/// joins again through another one.
public interface GroupConsumer extends Consumer {
    /// As [Consumer#poll]; calls the [RebalanceListener].
    ///
    /// @throws MemberFencedException if another process has the same instance id, from now on each time
    @Override
    List<ConsumerRecord> poll(Duration timeout);

    /// Commits everything that polls have returned, of all assigned partitions.
    ///
    /// @throws WeirlogException `PARTITION_NOT_OWNED` and the like if partitions were lost: their new owners read
    ///     from the commit before
    /// @throws MemberFencedException once a poll has thrown it
    void commit();

    /// Commits these offsets, which should be of records that polls have returned.
    ///
    /// @throws WeirlogException as [#commit()]; nothing is committed then, or it is not known what was
    void commit(Map<PartitionRef, GroupPosition> offsets);

    /// As [#commit()], without waiting. Its future completes on a network thread: what hangs on it must not block.
    CompletableFuture<Void> commitAsync();

    /// As [#commit(Map)], without waiting.
    CompletableFuture<Void> commitAsync(Map<PartitionRef, GroupPosition> offsets);

    /// What the group calls this member; empty while it is none.
    Optional<String> memberId();

    /// Tells the [RebalanceListener] that all partitions go, commits what polls have returned, if commits are
    /// automatic, and leaves the group. A static member's partitions wait for it for its session timeout. A poll
    /// under way in another thread ends with [IllegalStateException].
    @Override
    void close();
}
