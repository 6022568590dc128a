package io.weirlog.client;

import io.weirlog.common.KeyHash;
import java.util.OptionalInt;

/// Chooses the partitions of records that do not name one themselves ([ProducerRecord#toPartition]).
///
/// ```
/// Partitioner byTenant = (record, partitions) -> OptionalInt.of(tenantOf(record) % partitions);
/// ```
///
/// Asked once for each record, by the threads that send: it must be thread-safe, quick, and must not block.
@FunctionalInterface
public interface Partitioner {
    /// The partition for a record of a topic with so many: from 0 up to, but without, `partitions`. Empty if any will
    /// do: then records fill a batch in one partition before they go on to the next, so that few large batches are
    /// sent instead of many small ones. Anything else, and whatever is thrown, fails the record and nothing else.
    OptionalInt partition(ProducerRecord record, int partitions);

    /// Equal keys go to the same partition, the one that Kafka's clients choose (32-bit MurmurHash2); records without
    /// a key to any. The default.
    static Partitioner keyHash() {
        return (record, partitions) -> {
            var key = record.key();
            return key == null ? OptionalInt.empty() : OptionalInt.of(KeyHash.partition(key, partitions));
        };
    }

    /// Any partition, whatever the key: the largest batches.
    static Partitioner sticky() {
        return (record, partitions) -> OptionalInt.empty();
    }

    /// Each partition of a topic in turn, whatever the key, and whether or not it has a leader at the moment: the most
    /// even division, in many small batches. Producers that share one take turns together.
    static Partitioner roundRobin() {
        return new RoundRobin();
    }
}
