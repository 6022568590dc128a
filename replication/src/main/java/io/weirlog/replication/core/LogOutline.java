package io.weirlog.replication.core;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.EpochEnd;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ReadResult;
import java.io.IOException;
import java.util.Optional;

/// What a role may know of its replica's log: where it begins and ends, and which epochs wrote it. Read only; the log
/// changes by the effects of the role alone, between two of its steps.
public interface LogOutline {
    Offset start();

    /// Where the batch that holds an offset of this log begins: before [#start] if records were deleted within a batch.
    /// The offset itself if none holds it.
    Offset batchAt(Offset offset);

    /// One past the last record.
    Offset end();

    /// Everything before it is on stable storage. Truncation lowers it.
    Offset syncedEnd();

    Optional<LeaderEpoch> latestEpoch();

    /// The epoch of the first record, or of the first that is to come.
    Optional<LeaderEpoch> earliestEpoch();

    /// See [PartitionLog#endOffsetForEpoch].
    EpochEnd endOfEpoch(LeaderEpoch epoch);

    static LogOutline of(PartitionLog log) {
        return new LogOutline() {
            @Override
            public Offset start() {
                return log.logStartOffset();
            }

            @Override
            public Offset batchAt(Offset offset) {
                try {
                    if (log.read(offset, 1, log.logEndOffset()) instanceof ReadResult.Slice(var slice)) {
                        try (slice) {
                            return slice.baseOffset().isBefore(offset) ? slice.baseOffset() : offset;
                        }
                    }
                } catch (IOException e) {
                    // Whoever reads the log from there meets the failure too, and deals with it.
                }
                return offset;
            }

            @Override
            public Offset end() {
                return log.logEndOffset();
            }

            @Override
            public Offset syncedEnd() {
                return log.syncedOffset();
            }

            @Override
            public Optional<LeaderEpoch> latestEpoch() {
                return log.latestEpoch();
            }

            @Override
            public Optional<LeaderEpoch> earliestEpoch() {
                return log.earliestEpoch();
            }

            @Override
            public EpochEnd endOfEpoch(LeaderEpoch epoch) {
                return log.endOffsetForEpoch(epoch);
            }
        };
    }
}
