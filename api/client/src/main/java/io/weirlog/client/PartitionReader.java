package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Pause;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Seek;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Hands out what a stream brings, and changes from where and whether partitions are read: the part of a consumer
/// that is the same whoever chose its partitions. For one thread at a time.
final class PartitionReader {
    private final Source source;
    private final Admin admin;
    private final int recordsMax;
    /// The batch that is being returned; what arrived after it waits in the stream.
    private @Nullable BatchCursor cursor;

    private long lastSeekId;

    /// The stream that is read.
    interface Source {
        Collection<PartitionReading> readings();

        Optional<PartitionReading> reading(PartitionRef partition);

        Optional<PartitionReading> reading(int assignment);

        void send(ConsumeRequest.Builder request);

        /// Says that a batch message is dealt with.
        void done(int records, int bytes);
    }

    /// @param recordsMax the most records in one list
    PartitionReader(Source source, Admin admin, int recordsMax) {
        this.source = source;
        this.admin = admin;
        this.recordsMax = recordsMax;
    }

    /// Whether a batch is not yet used up.
    boolean isInBatch() {
        return cursor != null;
    }

    /// Adds records of the current batch, as many as there is room for.
    ///
    /// @throws WeirlogException if the batch is damaged; the records added before are good
    void readInto(List<ConsumerRecord> records) {
        var current = cursor;
        if (current == null) {
            return;
        }
        try {
            if (current.readInto(records, recordsMax)) {
                drop();
            }
        } catch (MalformedBatchException e) {
            var reading = current.reading();
            drop();
            reading.unreadable();
            throw corrupt(reading, e);
        }
    }

    private static WeirlogException corrupt(PartitionReading reading, MalformedBatchException cause) {
        return WeirlogException.of(Problems.problem(
                Status.Code.DATA_LOSS,
                ErrorReason.ERROR_REASON_BATCH_CORRUPT,
                "the batch of " + reading.partition() + " at offset " + reading.position() + " is damaged ("
                        + cause.getMessage() + "): seek the same offset to read it again, or a later one to skip it",
                Map.of("offset", Long.toString(reading.position()))));
    }

    /// Forgets the rest of the current batch.
    void drop() {
        var current = cursor;
        if (current != null) {
            source.done(current.recordsTaken(), current.bytesTaken());
            current.close();
            cursor = null;
        }
    }

    /// The same, if it is of this partition.
    void drop(PartitionReading reading) {
        if (cursor != null && cursor.reading().equals(reading)) {
            drop();
        }
    }

    /// Begins with a batch, if it continues what was read so far. There must be no current one.
    void take(Framed<ConsumeResponse> framed) {
        var batch = framed.message().getBatch();
        var reading = source.reading(batch.getAssignment());
        if (reading.isPresent() && reading.get().accepts(batch)) {
            cursor = new BatchCursor(reading.get(), framed);
            return;
        }
        reading.ifPresent(PartitionReading::discarded);
        source.done(batch.getRecordCount(), framed.payload().length());
        framed.close();
    }

    /// Takes word of a partition's end.
    void endTold(ConsumeResponse message) {
        var end = message.getEndOfPartition();
        source.reading(end.getAssignment()).ifPresent(reading -> reading.endTold(end.getNextOffset()));
    }

    Set<PartitionRef> partitions(Predicate<PartitionReading> which) {
        return source.readings().stream()
                .filter(which)
                .map(PartitionReading::partition)
                .collect(Collectors.toUnmodifiableSet());
    }

    OptionalLong position(PartitionRef partition) {
        return source.reading(partition)
                .filter(reading -> !reading.isStartUnknown())
                .map(reading -> OptionalLong.of(reading.position()))
                .orElse(OptionalLong.empty());
    }

    void seek(PartitionRef partition, StartAt position) {
        var reading = assigned(partition);
        seek(reading, position instanceof StartAt.AtOffset at ? at.offset() : lookUp(partition, position));
    }

    void seek(PartitionReading reading, long target) {
        drop(reading);
        ask(reading, target);
        reading.sought(target, lastSeekId);
    }

    private void ask(PartitionReading reading, long target) {
        source.send(ConsumeRequest.newBuilder()
                .setSeek(Seek.newBuilder()
                        .setSeekId(++lastSeekId)
                        .setAssignment(reading.assignment())
                        .setPosition(ToProto.start(StartAt.offset(target)))));
    }

    /// Asked apart from the stream, so that the position is known before anything arrives from there.
    private long lookUp(PartitionRef partition, StartAt position) {
        var offset = admin.listOffsets(List.of(partition), position).get(0).offset();
        return offset.orElseGet(() -> admin.listOffsets(List.of(partition), StartAt.latest())
                .get(0)
                .offset()
                .orElseThrow());
    }

    void pause(Collection<PartitionRef> partitions) {
        partitions.forEach(partition -> pause(assigned(partition)));
    }

    void pause(PartitionReading reading) {
        drop(reading);
        reading.pause();
        source.send(ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAssignments(reading.assignment())));
    }

    void resume(Collection<PartitionRef> partitions) {
        for (var partition : partitions) {
            var reading = assigned(partition);
            if (reading.isPaused()) {
                // What was sent before and while it was paused was thrown away.
                ask(reading, reading.position());
                reading.resume(lastSeekId);
                source.send(ConsumeRequest.newBuilder()
                        .setResume(Resume.newBuilder().addAssignments(reading.assignment())));
            }
        }
    }

    /// Goes on with a partition that another consumer had, if it is wanted now.
    ///
    /// @param reached where the other consumer had come to, if it knew
    /// @return whether it is wanted
    boolean takeBack(PartitionReading reading, Optional<PartitionReading> reached, boolean paused) {
        reached.ifPresent(other -> {
            seek(reading, other.position());
            reading.broughtBack(other);
        });
        if (!paused) {
            reading.resume(reached.isPresent() ? lastSeekId : 0);
        }
        return !paused;
    }

    private PartitionReading assigned(PartitionRef partition) {
        return source.reading(partition)
                .orElseThrow(() -> new IllegalStateException(
                        partition + " is not assigned to this consumer: poll until assignment() has it"));
    }

    /// Whether everything that was there has been handed out, and there is something that is read.
    boolean isCaughtUp() {
        return cursor == null
                && !source.readings().isEmpty()
                && source.readings().stream()
                        .filter(reading -> !reading.isPaused())
                        .allMatch(PartitionReading::isAtEnd);
    }

    boolean isCaughtUp(PartitionRef partition) {
        return source.reading(partition).filter(PartitionReading::isAtEnd).isPresent();
    }

    /// Whether a problem is of an offset that a seek has left behind since.
    static boolean isLeftBehind(PartitionReading reading, WeirlogException failure) {
        return failure instanceof OffsetOutOfRangeException outOfRange
                && reading.hasSought()
                && outOfRange.offset() != reading.position();
    }
}
