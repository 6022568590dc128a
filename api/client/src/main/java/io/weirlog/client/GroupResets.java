package io.weirlog.client;

import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where a group's consumer goes on in a partition that cannot go on where the group was.
final class GroupResets {
    private static final Logger LOG = LoggerFactory.getLogger(GroupResets.class);

    private final GroupOptions options;
    private final GroupSession session;
    private final PartitionReader reader;

    GroupResets(GroupOptions options, GroupSession session, PartitionReader reader) {
        this.options = options;
        this.session = session;
        this.reader = reader;
    }

    /// Tries again, or goes on elsewhere.
    ///
    /// @throws WeirlogException if neither helps: the user has to decide
    void onProblem(PartitionReading reading, Problem problem) {
        if (StreamLife.mayPass(problem, 1)) {
            session.tryAgain(reading, problem);
            return;
        }
        var failed = WeirlogException.of(problem);
        if (PartitionReader.isLeftBehind(reading, failed) || begunElsewhere(reading, failed)) {
            return;
        }
        throw failed instanceof OffsetOutOfRangeException gone && gone.offset() == GroupSession.NOWHERE
                ? nothingCommitted(reading, failed)
                : failed;
    }

    /// Whether the options say where to go on.
    private boolean begunElsewhere(PartitionReading reading, WeirlogException failed) {
        if (options.start().isEmpty()) {
            return false;
        }
        if (failed.reason() == ErrorReason.ERROR_REASON_TRUNCATED) {
            LOG.warn("{}: {}", reading.partition(), failed.getMessage());
            reader.seek(reading, Long.parseLong(failed.metadata().getOrDefault("end_offset", "0")));
            return true;
        }
        if (failed instanceof OffsetOutOfRangeException gone) {
            var start = options.start().get();
            LOG.warn("{} is read from {} on: {}", reading.partition(), start, failed.getMessage());
            if (start instanceof StartAt.Earliest) {
                reader.seek(reading, gone.logStartOffset());
            } else {
                reader.seek(reading.partition(), start);
            }
            return true;
        }
        return false;
    }

    private WeirlogException nothingCommitted(PartitionReading reading, WeirlogException failed) {
        return WeirlogException.of(failed.problem().toBuilder()
                .setMessage("group " + options.groupId() + " has committed nothing of " + reading.partition()
                        + ", and its options name no start: seek the partition, or set the group's offsets")
                .build());
    }
}
