package io.weirlog.replication;

import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.wire.ReceivedPayload;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One validated record batch on its way into a partition.
///
/// @param batch exactly one batch; owned by the command, closed once it is written or refused
/// @param recordCount the number of records in it, at least 1
/// @param expectedBaseOffset if present, append only if the log ends there
/// @param epoch if present, append only in this leader epoch: offsets alone do not tell what lies before
/// @param deadlineNanos on [ReplicationClock#nanoTime]: when to answer at the latest
/// @param completion told the result exactly once, on the owner's thread: it must not block; an [AppendProgress]
///     is told more
public record AppendCommand(
        ReceivedPayload batch,
        int recordCount,
        Acks acks,
        Optional<Offset> expectedBaseOffset,
        Optional<LeaderEpoch> epoch,
        long deadlineNanos,
        Consumer<AppendResult> completion) {
    private static final Logger LOG = LoggerFactory.getLogger(AppendCommand.class);

    public AppendCommand {
        Invariant.check(recordCount > 0, "an append of %s records", recordCount);
    }

    /// One for whichever leader epoch the partition is in.
    public AppendCommand(
            ReceivedPayload batch,
            int recordCount,
            Acks acks,
            Optional<Offset> expectedBaseOffset,
            long deadlineNanos,
            Consumer<AppendResult> completion) {
        this(batch, recordCount, acks, expectedBaseOffset, Optional.empty(), deadlineNanos, completion);
    }

    /// Gives the batch's memory back and answers that nothing was appended.
    void refuse(AppendRefusal refusal) {
        batch.close();
        complete(new AppendResult.NotAppended(refusal));
    }

    void written(long begunNanos, long writtenNanos) {
        if (completion instanceof AppendProgress progress) {
            progress.written(begunNanos, writtenNanos);
        }
    }

    /// Tells the result. What the writer's side makes of it must not stop the partition.
    void complete(AppendResult result) {
        try {
            completion.accept(result);
        } catch (RuntimeException e) {
            LOG.warn("the result of an append could not be told", e);
        }
    }
}
