package io.weirlog.server.produce;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendResult;
import io.weirlog.wire.ReceivedPayload;
import java.util.Optional;
import java.util.function.Consumer;

/// One validated batch on its way to the leader of its partition, wherever that is.
///
/// @param batch owned by whoever has the append in hand
/// @param deadlineNanos on the appender's clock: when to answer at the latest
/// @param leaderOnly whether this broker is to refuse it if it does not lead the partition
/// @param results told the result exactly once, on any thread: it must not block
record PartitionAppend(
        String topic,
        TopicPartition id,
        ReceivedPayload batch,
        int recordCount,
        Acks acks,
        Optional<Offset> expectedBaseOffset,
        long deadlineNanos,
        boolean leaderOnly,
        Consumer<AppendResult> results) {

    /// Gives the batch back and tells the result.
    void finish(AppendResult result) {
        batch.close();
        results.accept(result);
    }

    PartitionAppend withDeadlineNanos(long newDeadlineNanos) {
        return new PartitionAppend(
                topic, id, batch, recordCount, acks, expectedBaseOffset, newDeadlineNanos, leaderOnly, results);
    }
}
