package io.weirlog.server.consume;

import io.weirlog.common.Offset;
import io.weirlog.log.LogSlice;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.SlicePayload;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumedRecordList;
import io.weirlog.v1.Credit;
import io.weirlog.v1.EndOfPartition;
import io.weirlog.v1.PreferredPartition;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Seek;
import io.weirlog.v1.StartPosition;
import io.weirlog.wire.Framed;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Sends what a consumer stream's partitions have, within its credits and in turn between them.
///
/// A partition is in one of these states:
/// ```
/// state     leaves it when
/// ready     it was read to the watermark -> waiting; it met a problem -> halted; the client pauses it -> paused
/// waiting   the watermark passes the position -> ready
/// halted    the client seeks or resumes -> ready
/// paused    the client resumes -> ready
/// ```
/// Used on the stream's sequential executor only.
final class Delivery implements AutoCloseable {
    /// Messages sent before others get a turn on the executor's thread.
    private static final int MESSAGES_A_PUMP_MAX = 32;

    private final PartitionReader reader;
    private final Subscriptions subscriptions;
    private final boolean encoded;
    private final int batchBytesMax;
    private final ConsumeStream stream;
    private final Map<Integer, Cursor> cursors = new HashMap<>();
    private final ArrayDeque<Cursor> ready = new ArrayDeque<>();
    private final Credits credits = new Credits();

    Delivery(
            PartitionReader reader,
            Subscriptions subscriptions,
            List<Cursor> cursors,
            boolean encoded,
            int batchBytesMax,
            ConsumeStream stream) {
        this.reader = reader;
        this.subscriptions = subscriptions;
        this.encoded = encoded;
        this.batchBytesMax = batchBytesMax;
        this.stream = stream;
        for (var cursor : cursors) {
            this.cursors.put(cursor.assignment, cursor);
            makeReady(cursor);
        }
    }

    Optional<Problem> grant(Credit credit) {
        return credits.grant(credit);
    }

    void pause(int assignment) {
        var cursor = find(assignment);
        if (cursor != null) {
            cursor.paused = true;
            cursor.unwatch();
        }
    }

    void resume(int assignment) {
        var cursor = find(assignment);
        if (cursor != null) {
            cursor.paused = false;
            cursor.halted = false;
            makeReady(cursor);
        }
    }

    void seek(Seek seek) {
        var cursor = find(seek.getAssignment());
        if (cursor == null) {
            return;
        }
        cursor.seekId = seek.getSeekId();
        moveTo(cursor, seek.getPosition());
        makeReady(cursor);
    }

    private void moveTo(Cursor cursor, StartPosition start) {
        switch (reader.resolve(cursor.topic, cursor.id, start, cursor.fromFollower)) {
            case PartitionReader.Position.At(var offset) -> cursor.moveTo(offset.value());
            case PartitionReader.Position.Failed(var problem) -> halt(cursor, problem);
        }
    }

    private @Nullable Cursor find(int assignment) {
        var cursor = cursors.get(assignment);
        if (cursor == null) {
            stream.sendProblem(assignment, ServerProblems.invalidRequest("the stream has no assignment " + assignment));
        }
        return cursor;
    }

    private void makeReady(Cursor cursor) {
        if (cursor.wantsData() && !cursor.queued) {
            cursor.queued = true;
            ready.add(cursor);
        }
    }

    /// Sends until there is nothing to send, no credit, or no room in the transport.
    void pump() {
        for (var messages = 0; stream.canSend() && credits.open(); messages++) {
            var cursor = ready.poll();
            if (cursor == null) {
                return;
            }
            if (messages == MESSAGES_A_PUMP_MAX) {
                ready.addFirst(cursor);
                stream.wake();
                return;
            }
            cursor.queued = false;
            if (cursor.wantsData()) {
                deliver(cursor);
                makeReady(cursor);
            }
        }
    }

    private void deliver(Cursor cursor) {
        if (!subscriptions.stillExists(cursor.id)) {
            halt(cursor, ServerProblems.unknownTopic(cursor.topic));
            return;
        }
        var start = cursor.unresolvedStart;
        if (start != null) {
            moveTo(cursor, start);
            return;
        }
        var maxBytes = Math.min(batchBytesMax, credits.bytesMax());
        var wanted = new PartitionReader.Wanted(
                cursor.topic, cursor.id, cursor.position, cursor.lastEpoch, cursor.fromFollower);
        switch (reader.read(wanted, maxBytes)) {
            case PartitionReader.Outcome.Failed(var problem) -> halt(cursor, problem);
            case PartitionReader.Outcome.Data data -> deliver(cursor, data.slice(), data.highWatermark());
        }
    }

    private void deliver(Cursor cursor, LogSlice slice, Offset highWatermark) {
        if (slice.length() == 0) {
            slice.close();
            await(cursor, highWatermark);
        } else if (encoded) {
            sendEncoded(cursor, slice, highWatermark);
        } else {
            sendDecoded(cursor, slice, highWatermark);
        }
    }

    private void sendEncoded(Cursor cursor, LogSlice slice, Offset highWatermark) {
        var next = slice.nextOffset().value();
        var count = (int) Math.min(next - cursor.position, Integer.MAX_VALUE);
        var bytes = slice.length();
        var batch = batch(cursor, next, count, highWatermark);
        stream.send(Framed.of(ConsumeResponse.newBuilder().setBatch(batch).build(), new SlicePayload(slice)));
        sent(cursor, next, count, bytes);
    }

    private void sendDecoded(Cursor cursor, LogSlice slice, Offset highWatermark) {
        var sliceEnd = slice.nextOffset().value();
        var recordsMax = credits.recordsMax();
        try (slice) {
            switch (reader.decode(cursor.id, slice, cursor.position, recordsMax)) {
                case PartitionReader.Decoded.Failed(var problem) -> halt(cursor, problem);
                case PartitionReader.Decoded.Records(var records) -> {
                    // With fewer than it may have, the slice was read to its end; offsets without records included.
                    var next = records.size() < recordsMax
                            ? sliceEnd
                            : records.getLast().getOffset() + 1;
                    var list = ConsumedRecordList.newBuilder()
                            .addAllRecords(records)
                            .build();
                    var batch =
                            batch(cursor, next, records.size(), highWatermark).setRecords(list);
                    stream.send(ConsumeResponse.newBuilder().setBatch(batch).build());
                    sent(cursor, next, records.size(), list.getSerializedSize());
                }
            }
        }
    }

    private static Batch.Builder batch(Cursor cursor, long next, int count, Offset highWatermark) {
        return Batch.newBuilder()
                .setAssignment(cursor.assignment)
                .setBaseOffset(cursor.position)
                .setNextOffset(next)
                .setHighWatermark(highWatermark.value())
                .setRecordCount(count)
                .setSeekId(cursor.seekId);
    }

    private void sent(Cursor cursor, long next, int records, int bytes) {
        cursor.position = next;
        // What the reader has had so far must still be in the log at the next read (KIP-320).
        cursor.lastEpoch = reader.epochBefore(cursor.id, next);
        cursor.endAnnounced = false;
        credits.take(records, bytes);
    }

    /// Waits for the watermark to pass the position, and tells the client once that it has everything.
    private void await(Cursor cursor, Offset highWatermark) {
        if (!cursor.endAnnounced) {
            cursor.endAnnounced = true;
            stream.send(ConsumeResponse.newBuilder()
                    .setEndOfPartition(EndOfPartition.newBuilder()
                            .setAssignment(cursor.assignment)
                            .setNextOffset(cursor.position))
                    .build());
        }
        cursor.watch = subscriptions.watch(cursor.id, highWatermark, () -> stream.onWatermark(cursor));
    }

    /// Tells of partitions that can be read in this rack.
    void offerPreferred(String rack) {
        cursors.values().stream()
                .filter(cursor -> !cursor.paused && !cursor.halted && cursor.unresolvedStart == null)
                .forEach(cursor -> subscriptions
                        .preferred(rack, cursor.id)
                        .ifPresent(replica -> stream.send(ConsumeResponse.newBuilder()
                                .setPreferred(PreferredPartition.newBuilder()
                                        .setAssignment(cursor.assignment)
                                        .setReplica(replica))
                                .build())));
    }

    /// The watermark has passed the cursor's position, or its partition's role has changed.
    void awaken(Cursor cursor) {
        cursor.unwatch();
        makeReady(cursor);
        pump();
    }

    private void halt(Cursor cursor, Problem problem) {
        cursor.halted = true;
        cursor.unwatch();
        stream.sendProblem(cursor.assignment, problem);
    }

    @Override
    public void close() {
        cursors.values().forEach(Cursor::unwatch);
    }
}
