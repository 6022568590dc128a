package io.weirlog.server.consume;

import io.grpc.Status;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogSlice;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ReadResult;
import io.weirlog.log.SystemLimitException;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import io.weirlog.server.RecordCodec;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.ConsumedRecord;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import io.weirlog.wire.Problems;
import io.weirlog.wire.ReceivedPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads this broker's partitions for clients, never past the high watermark.
///
/// A reader that gave its rack may read from a follower, too (KIP-392): from one that is in sync, up to the watermark
/// that it knows. Whatever that follower cannot tell for sure is left to the leader.
final class PartitionReader {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionReader.class);

    private final TopicLookup topics;
    private final Partitions partitions;
    private final int decompressedBytesMax;

    PartitionReader(TopicLookup topics, Partitions partitions, int decompressedBytesMax) {
        this.topics = topics;
        this.partitions = partitions;
        this.decompressedBytesMax = decompressedBytesMax;
    }

    /// What one read came to. The watermark is the one that bounded the read (P3).
    sealed interface Outcome {
        /// @param slice whole batches, possibly none; owned by the receiver
        record Data(LogSlice slice, Offset logStart, Offset highWatermark) implements Outcome {}

        record Failed(Problem problem) implements Outcome {}
    }

    /// Where a reader begins, or what is wrong with that.
    sealed interface Position {
        record At(Offset offset) implements Position {}

        record Failed(Problem problem) implements Position {}
    }

    /// What is wanted of a partition.
    ///
    /// @param lastEpoch the leader epoch of the record before `from` as the reader knows it (KIP-320)
    /// @param fromFollower whether a follower will do
    record Wanted(String topic, TopicPartition id, long from, OptionalInt lastEpoch, boolean fromFollower) {}

    Outcome read(Wanted wanted, int maxBytes) {
        try {
            if (wanted.fromFollower() && following(wanted.id()) instanceof PartitionView.Following following) {
                return read(following, wanted, maxBytes);
            }
            return switch (leading(wanted.topic(), wanted.id())) {
                case Access.Denied(var problem) -> new Outcome.Failed(problem);
                case Access.Granted(var view) -> read(view, wanted.from(), wanted.lastEpoch(), maxBytes);
            };
        } catch (IOException e) {
            return new Outcome.Failed(readFailed(wanted.id(), e));
        }
    }

    /// The view of a replica that may serve readers though it does not lead.
    private @Nullable PartitionView following(TopicPartition id) {
        return partitions.isInSync(id) ? partitions.view(id).orElse(null) : null;
    }

    private Outcome read(PartitionView.Following view, Wanted wanted, int maxBytes) throws IOException {
        var log = view.log();
        if (!knows(view, wanted)) {
            return new Outcome.Failed(topics.notLeader(wanted.topic(), wanted.id()));
        }
        return switch (log.read(new Offset(wanted.from()), maxBytes, view.highWatermark())) {
            case ReadResult.Slice(var slice) -> {
                partitions.replicationStats().readFromFollower(slice.length());
                yield new Outcome.Data(slice, log.logStartOffset(), view.highWatermark());
            }
            case ReadResult.OutOfRange _ -> new Outcome.Failed(topics.notLeader(wanted.topic(), wanted.id()));
        };
    }

    /// Whether the log has what is wanted, and the same past as the reader. A follower may lack the end of an epoch, so
    /// it cannot tell a truncation from its own lag.
    private static boolean knows(PartitionView.Following view, Wanted wanted) {
        var log = view.log();
        if (wanted.from() < log.logStartOffset().value()
                || wanted.from() > view.highWatermark().value()) {
            return false;
        }
        if (wanted.lastEpoch().isEmpty()) {
            return true;
        }
        int asked = wanted.lastEpoch().getAsInt();
        return asked >= 0
                && asked <= view.epoch().value()
                && log.endOffsetForEpoch(new LeaderEpoch(asked)).endOffset().value() >= wanted.from();
    }

    /// The epoch of the record before `offset`, for the reader's next read; empty if that is not known.
    OptionalInt epochBefore(TopicPartition id, long offset) {
        var log = switch (partitions.view(id).orElse(new PartitionView.Closed())) {
            case PartitionView.Leading leading -> Optional.of(leading.log());
            case PartitionView.Following following -> Optional.of(following.log());
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ ->
                Optional.<PartitionLog>empty();
        };
        return log.filter(_ -> offset > 0)
                .flatMap(open -> open.epochAt(new Offset(offset - 1)))
                .map(epoch -> OptionalInt.of(epoch.value()))
                .orElseGet(OptionalInt::empty);
    }

    private static Outcome read(PartitionView.Leading view, long from, OptionalInt lastEpoch, int maxBytes)
            throws IOException {
        var log = view.log();
        if (from < 0) {
            return new Outcome.Failed(
                    ServerProblems.offsetOutOfRange(from, log.logStartOffset(), view.highWatermark()));
        }
        var truncated = divergence(view, from, lastEpoch);
        if (truncated.isPresent()) {
            return new Outcome.Failed(truncated.get());
        }
        if (from > view.highWatermark().value()) {
            return new Outcome.Failed(
                    ServerProblems.offsetOutOfRange(from, log.logStartOffset(), view.highWatermark()));
        }
        return switch (log.read(new Offset(from), maxBytes, view.highWatermark())) {
            case ReadResult.Slice(var slice) -> new Outcome.Data(slice, log.logStartOffset(), view.highWatermark());
            case ReadResult.OutOfRange(var start, var end) ->
                new Outcome.Failed(ServerProblems.offsetOutOfRange(from, start, view.highWatermark()));
        };
    }

    /// What to tell a reader whose past is not this log's: its last epoch ended before the offset that it wants to
    /// read.
    private static Optional<Problem> divergence(PartitionView.Leading view, long from, OptionalInt lastEpoch) {
        if (lastEpoch.isEmpty()) {
            return Optional.empty();
        }
        if (lastEpoch.getAsInt() < 0) {
            return Optional.of(ServerProblems.invalidRequest("`last_leader_epoch` is negative"));
        }
        var asked = new LeaderEpoch(lastEpoch.getAsInt());
        if (asked.isAfter(view.epoch())) {
            return Optional.of(ServerProblems.invalidRequest(
                    "`last_leader_epoch` " + asked + " is not one that the partition has had"));
        }
        var known = view.log().endOffsetForEpoch(asked);
        return known.endOffset().value() < from
                ? Optional.of(ServerProblems.truncated(
                        from, known.endOffset(), known.epoch().value()))
                : Optional.empty();
    }

    private sealed interface Access {
        record Granted(PartitionView.Leading view) implements Access {}

        record Denied(Problem problem) implements Access {}
    }

    private Access leading(String topic, TopicPartition id) {
        var view = partitions.view(id);
        if (view.isEmpty()) {
            return new Access.Denied(topics.notLeader(topic, id));
        }
        return switch (view.get()) {
            case PartitionView.Leading leading -> new Access.Granted(leading);
            case PartitionView.Opening _, PartitionView.Following _ -> new Access.Denied(topics.notLeader(topic, id));
            case PartitionView.Failed(var message) -> new Access.Denied(ServerProblems.storageFailed(message));
            case PartitionView.Closed() -> new Access.Denied(ServerProblems.unknownTopic(topic));
        };
    }

    /// Finds where a reader begins. An offset must be in the log or at its end.
    ///
    /// @param fromFollower whether a follower will do: it knows offsets, but neither the ends of the log nor times
    Position resolve(String topic, TopicPartition id, StartPosition start, boolean fromFollower) {
        if (fromFollower
                && start.hasOffset()
                && following(id) instanceof PartitionView.Following following
                && knows(following, new Wanted(topic, id, start.getOffset(), OptionalInt.empty(), true))) {
            return new Position.At(new Offset(start.getOffset()));
        }
        return switch (leading(topic, id)) {
            case Access.Denied(var problem) -> new Position.Failed(problem);
            case Access.Granted(var view) -> {
                if (!view.knowsItsEnd() && asksForEnd(view, start)) {
                    yield new Position.Failed(ServerProblems.opening(topic, id.partition()));
                }
                try {
                    yield resolve(view, start);
                } catch (IOException e) {
                    yield new Position.Failed(readFailed(id, e));
                }
            }
        };
    }

    /// Whether an answer would tell the high watermark as the log's end.
    private static boolean asksForEnd(PartitionView.Leading view, StartPosition start) {
        return switch (start.getPositionCase()) {
            case LATEST, TIMESTAMP -> true;
            case OFFSET -> start.getOffset() > view.highWatermark().value();
            case EARLIEST, POSITION_NOT_SET -> false;
        };
    }

    private static Position resolve(PartitionView.Leading view, StartPosition start) throws IOException {
        var logStart = view.log().logStartOffset();
        var end = view.highWatermark();
        return switch (start.getPositionCase()) {
            case EARLIEST, POSITION_NOT_SET -> new Position.At(logStart);
            case LATEST -> new Position.At(end);
            case TIMESTAMP ->
                new Position.At(view.log()
                        .findByTimestamp(RecordCodec.millis(start.getTimestamp()), end)
                        .map(found -> found.offset())
                        .orElse(end));
            case OFFSET ->
                start.getOffset() < logStart.value() || start.getOffset() > end.value()
                        ? new Position.Failed(ServerProblems.offsetOutOfRange(start.getOffset(), logStart, end))
                        : new Position.At(new Offset(start.getOffset()));
        };
    }

    /// Looks up an offset for ListOffsets; fills in everything but names and leader.
    ListedOffset.Builder list(String topic, TopicPartition id, ListOffsetsPartition query) {
        var listed = ListedOffset.newBuilder();
        return switch (leading(topic, id)) {
            case Access.Denied(var problem) -> listed.setProblem(problem);
            case Access.Granted(var view) -> {
                if (!view.knowsItsEnd() && query.hasPosition() && asksForEnd(view, query.getPosition())) {
                    yield listed.setProblem(ServerProblems.opening(topic, id.partition()));
                }
                try {
                    yield list(view, query, listed);
                } catch (IOException e) {
                    yield listed.setProblem(readFailed(id, e));
                }
            }
        };
    }

    private static ListedOffset.Builder list(
            PartitionView.Leading view, ListOffsetsPartition query, ListedOffset.Builder listed) throws IOException {
        listed.setLeaderEpoch(view.epoch().value());
        var start = query.getPosition();
        if (query.hasPosition() && start.hasTimestamp()) {
            view.log()
                    .findByTimestamp(RecordCodec.millis(start.getTimestamp()), view.highWatermark())
                    .ifPresent(found -> listed.setOffset(found.offset().value())
                            .setTimestamp(RecordCodec.timestamp(found.timestampMillis())));
            return listed;
        }
        if (query.hasPosition()) {
            return switch (resolve(view, start)) {
                case Position.At(var offset) -> {
                    if (!start.hasLatest()) {
                        batchTime(view, offset).ifPresent(time -> listed.setTimestamp(RecordCodec.timestamp(time)));
                    }
                    yield listed.setOffset(offset.value());
                }
                case Position.Failed(var problem) -> listed.setProblem(problem);
            };
        }
        if (!query.hasEndOfLeaderEpoch() || query.getEndOfLeaderEpoch() < 0) {
            return listed.setProblem(ServerProblems.invalidRequest("the query asks for nothing that can be"));
        }
        var known = view.log().endOffsetForEpoch(new LeaderEpoch(query.getEndOfLeaderEpoch()));
        return listed.setOffset(known.endOffset().value())
                .setLeaderEpoch(known.epoch().value());
    }

    /// When the first record of the batch was made that holds the first record at or after an offset; empty at the end
    /// of what can be read, and where no time is known. Reads no more than the batch's header.
    private static OptionalLong batchTime(PartitionView.Leading view, Offset offset) throws IOException {
        if (!view.highWatermark().isAfter(offset)) {
            return OptionalLong.empty();
        }
        return switch (view.log().read(offset, 1, view.highWatermark())) {
            case ReadResult.OutOfRange _ -> OptionalLong.empty();
            case ReadResult.Slice(var slice) -> {
                try (slice) {
                    if (slice.isEmpty()) {
                        yield OptionalLong.empty();
                    }
                    var header = ByteBuffer.allocate(BatchFormat.HEADER_BYTES);
                    slice.copyTo(0, header);
                    yield RecordBatch.at(header, 0).firstTimestamp();
                }
            }
        };
    }

    /// How long the first record that a reader at `position` lacks has been there; empty if this broker does not lead
    /// the partition, or the reader has everything.
    OptionalLong unreadMillis(TopicPartition id, long position, long nowMillis) {
        try {
            if (position >= 0 && partitions.view(id).orElse(null) instanceof PartitionView.Leading leading) {
                var start = Math.max(position, leading.log().logStartOffset().value());
                var time = batchTime(leading, new Offset(start));
                return time.isPresent() ? OptionalLong.of(Math.max(0, nowMillis - time.getAsLong())) : time;
            }
        } catch (IOException e) {
            LOG.debug("the time of a record of {} cannot be read", id, e);
        }
        return OptionalLong.empty();
    }

    /// The end of what can be read, where this broker leads the partition.
    OptionalLong highWatermark(TopicPartition id) {
        return partitions.view(id).orElse(null) instanceof PartitionView.Leading leading
                ? OptionalLong.of(leading.highWatermark().value())
                : OptionalLong.empty();
    }

    /// The records of a slice from `firstOffset` on, at most `recordsMax`, or what keeps them from being read.
    Decoded decode(TopicPartition id, LogSlice slice, long firstOffset, int recordsMax) {
        var bytes = ByteBuffer.allocate(slice.length());
        try {
            slice.copyTo(bytes);
        } catch (IOException e) {
            return new Decoded.Failed(readFailed(id, e));
        }
        return decode(id, bytes.flip(), firstOffset, recordsMax);
    }

    /// The same of batches that another broker has sent: of a copy, for their memory is not theirs for long.
    Decoded decode(TopicPartition id, ReceivedPayload batches, long firstOffset, int recordsMax) {
        var bytes = ByteBuffer.allocate(batches.length());
        bytes.put(batches.buffer().duplicate());
        return decode(id, bytes.flip(), firstOffset, recordsMax);
    }

    private Decoded decode(TopicPartition id, ByteBuffer bytes, long firstOffset, int recordsMax) {
        try {
            return new Decoded.Records(RecordCodec.decode(bytes, firstOffset, recordsMax, decompressedBytesMax));
        } catch (MalformedBatchException e) {
            LOG.error("a batch of {} at or after offset {} cannot be decoded", id, firstOffset, e);
            return new Decoded.Failed(Problems.problem(
                    Status.Code.DATA_LOSS,
                    ErrorReason.ERROR_REASON_LOG_CORRUPT,
                    "a batch at or after offset " + firstOffset + " cannot be decoded: " + e.getMessage()));
        }
    }

    sealed interface Decoded {
        record Records(List<ConsumedRecord> records) implements Decoded {}

        record Failed(Problem problem) implements Decoded {}
    }

    private static Problem readFailed(TopicPartition id, IOException e) {
        if (SystemLimitException.isCauseOf(e)) {
            return ServerProblems.overloaded("open files");
        }
        LOG.error("reading {} failed", id, e);
        return ServerProblems.storageFailed("cannot be read: " + e.getMessage());
    }
}
