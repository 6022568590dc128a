package io.weirlog.cli;

import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.GroupConsumer;
import io.weirlog.client.GroupPosition;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.RebalanceListener;
import io.weirlog.client.WeirlogException;
import io.weirlog.v1.ErrorReason;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Commits what a group's member has printed, and nothing else.
final class PrintedOffsets implements RebalanceListener {
    private final Map<PartitionRef, GroupPosition> printed = new HashMap<>();
    /// Flushed, and not committed yet.
    private final Map<PartitionRef, GroupPosition> flushed = new HashMap<>();

    void printed(ConsumerRecord record) {
        printed.put(record.partitionRef(), GroupPosition.after(record));
    }

    /// What was printed has got through to its reader.
    void flushed() {
        flushed.putAll(printed);
        printed.clear();
    }

    void commit(GroupConsumer consumer) {
        if (flushed.isEmpty()) {
            return;
        }
        try {
            consumer.commit(flushed);
        } catch (WeirlogException e) {
            // The next poll says that partitions are lost, and their new owner prints them again.
            if (e.reason() != ErrorReason.ERROR_REASON_PARTITION_NOT_OWNED) {
                throw e;
            }
        }
        flushed.clear();
    }

    @Override
    public void onRevoked(GroupConsumer consumer, Set<PartitionRef> partitions) {
        commit(consumer);
    }

    /// Their new owner prints them again.
    @Override
    public void onLost(GroupConsumer consumer, Set<PartitionRef> partitions) {
        printed.keySet().removeAll(partitions);
        flushed.keySet().removeAll(partitions);
    }
}
