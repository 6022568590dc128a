package io.weirlog.server.consume;

import com.google.protobuf.Duration;
import io.weirlog.common.Offset;
import io.weirlog.log.LogSlice;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.SlicePayload;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumedRecordList;
import io.weirlog.v1.Credit;
import io.weirlog.v1.EndOfPartition;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Lag;
import io.weirlog.v1.PartitionLag;
import io.weirlog.v1.PreferredPartition;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Seek;
import io.weirlog.v1.StartPosition;
import io.weirlog.wire.Framed;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Sends what a consumer stream's partitions have, within its credits and in turn between them. Partitions come and go
/// while the stream lives.
///
/// A partition is in one of these states:
/// ```
/// state     leaves it when
/// ready     it was read to the watermark -> waiting; another broker leads it -> elsewhere;
///           nobody does, or its start is being looked up -> resting; it met a problem -> halted; the client pauses it
/// -> paused
/// waiting   the watermark passes the position -> ready
/// elsewhere its leader has sent something -> ready; it has another leader -> resting
/// resting   a moment has passed, or the start is known -> ready
/// halted    the client seeks or resumes -> ready
/// paused    the client resumes -> ready
/// ```
/// Used on the stream's sequential executor only.
final class Delivery implements RemoteSources.Listener, AutoCloseable {
    /// Messages sent before others get a turn on the executor's thread.
    private static final int MESSAGES_A_PUMP_MAX = 32;

    private final PartitionReader reader;
    private final Subscriptions subscriptions;
    private final boolean encoded;
    private final int batchBytesMax;
    private final ConsumeStream stream;
    private final Optional<RemoteSources> remote;
    private final Map<Integer, Cursor> cursors = new HashMap<>();
    private final ArrayDeque<Cursor> ready = new ArrayDeque<>();
    private final Credits credits = new Credits();

    /// How the client wants what it is sent.
    record Form(boolean encoded, int batchBytesMax) {}

    /// @param remote what reads partitions that other brokers lead; empty: they are not read
    Delivery(
            PartitionReader reader,
            Subscriptions subscriptions,
            Form form,
            ConsumeStream stream,
            Optional<RemoteSources.Means> remote,
            RemoteSources.Reader remoteReader) {
        this.reader = reader;
        this.subscriptions = subscriptions;
        this.encoded = form.encoded();
        this.batchBytesMax = form.batchBytesMax();
        this.stream = stream;
        this.remote = remote.map(means -> new RemoteSources(means, remoteReader, this));
    }

    /// Begins to read these, too.
    void add(Collection<Cursor> added) {
        for (var cursor : added) {
            cursors.put(cursor.assignment, cursor);
            makeReady(cursor);
        }
    }

    /// Reads it no more.
    void remove(int assignment) {
        var cursor = find(assignment);
        if (cursor != null) {
            cursors.remove(assignment);
            cursor.removed = true;
            cursor.release();
        }
    }

    int size() {
        return cursors.size();
    }

    /// How far the partition's log has come at least, as far as this stream has seen; 0 if it has not.
    long reached(int assignment) {
        var cursor = cursors.get(assignment);
        if (cursor == null) {
            return 0;
        }
        // Where a reader begins is looked up in the log.
        return Math.max(cursor.highWatermark, cursor.unresolvedStart == null ? cursor.position : 0);
    }

    Optional<Problem> grant(Credit credit) {
        return credits.grant(credit);
    }

    void pause(int assignment) {
        var cursor = find(assignment);
        if (cursor != null) {
            cursor.paused = true;
            cursor.release();
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
        var finding = subscriptions.find(new Subscriptions.Beginning(cursor, start), remote.isPresent());
        if (finding.isDone()) {
            cursor.resting = false;
            cursor.lookups++;
            begin(cursor, start, finding.join());
            return;
        }
        cursor.release();
        cursor.unresolvedStart = start;
        cursor.resting = true;
        int lookup = ++cursor.lookups;
        var _ = finding.thenAccept(position -> stream.execute(() -> {
            // Another seek may have come meanwhile.
            if (lookup == cursor.lookups && cursor.unresolvedStart != null) {
                cursor.resting = false;
                begin(cursor, start, position);
                awaken(cursor);
            }
        }));
    }

    private void begin(Cursor cursor, StartPosition start, PartitionReader.Position position) {
        switch (position) {
            case PartitionReader.Position.At(var offset) -> cursor.moveTo(offset.value());
            case PartitionReader.Position.Failed(var problem) -> {
                if (goesElsewhere(problem)) {
                    cursor.release();
                    cursor.unresolvedStart = start;
                    cursor.halted = false;
                    remote.orElseThrow().rest(cursor);
                } else {
                    halt(cursor, problem);
                }
            }
        }
    }

    private boolean goesElsewhere(Problem problem) {
        return remote.isPresent() && Routes.goesElsewhere(problem);
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
    @Override
    public void pump() {
        for (var messages = 0; stream.canSend() && credits.open(); messages++) {
            var cursor = ready.poll();
            if (cursor == null) {
                break;
            }
            if (messages == MESSAGES_A_PUMP_MAX) {
                ready.addFirst(cursor);
                stream.wake();
                break;
            }
            cursor.queued = false;
            if (cursor.wantsData()) {
                deliver(cursor);
                makeReady(cursor);
            }
        }
        remote.ifPresent(sources -> sources.flush(credits.open() ? credits.bytesMax() : 0));
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
        var reading = cursor.remote;
        if (reading != null) {
            deliver(cursor, reading);
            return;
        }
        var elsewhere = remote.flatMap(sources -> sources.elsewhere(cursor));
        if (elsewhere.isPresent()) {
            remote.orElseThrow().attach(cursor, elsewhere.get());
        } else {
            readHere(cursor);
        }
    }

    private void readHere(Cursor cursor) {
        var maxBytes = Math.min(batchBytesMax, credits.bytesMax());
        var wanted = new PartitionReader.Wanted(
                cursor.topic, cursor.id, cursor.position, cursor.lastEpoch, cursor.fromFollower);
        switch (reader.read(wanted, maxBytes)) {
            case PartitionReader.Outcome.Failed(var problem) -> {
                cursor.notFromHere = true;
                failed(cursor, problem);
            }
            case PartitionReader.Outcome.Data data -> deliver(cursor, data.slice(), data.highWatermark());
        }
    }

    private void failed(Cursor cursor, Problem problem) {
        if (goesElsewhere(problem)) {
            remote.orElseThrow().rest(cursor);
        } else {
            halt(cursor, problem);
        }
    }

    private void deliver(Cursor cursor, LogSlice slice, Offset highWatermark) {
        if (slice.length() == 0) {
            slice.close();
            announceEnd(cursor);
            cursor.watch = subscriptions.watch(cursor.id, highWatermark, () -> stream.onWatermark(cursor));
        } else if (encoded) {
            var next = slice.nextOffset().value();
            var bytes = slice.length();
            var batch = batch(cursor, next, offsets(cursor, next), highWatermark.value());
            stream.send(Framed.of(ConsumeResponse.newBuilder().setBatch(batch).build(), new SlicePayload(slice)));
            // What the reader has had so far must still be in the log at the next read (KIP-320).
            sent(cursor, next, offsets(cursor, next), bytes, reader.epochBefore(cursor.id, next));
        } else {
            sendDecoded(cursor, slice, highWatermark);
        }
    }

    private void sendDecoded(Cursor cursor, LogSlice slice, Offset highWatermark) {
        try (slice) {
            var decoded = reader.decode(cursor.id, slice, cursor.position, credits.recordsMax());
            var end = slice.nextOffset().value();
            var next = sendDecoded(cursor, decoded, end, highWatermark.value(), OptionalInt.empty());
            if (!cursor.halted) {
                cursor.lastEpoch = reader.epochBefore(cursor.id, next);
            }
        }
    }

    /// Delivers the first thing that the partition's leader has sent.
    private void deliver(Cursor cursor, RemoteReading reading) {
        switch (reading.first()) {
            case RemoteReading.Arrival.Batches arrived -> deliver(cursor, reading, arrived);
            case RemoteReading.Arrival.End _ -> {
                reading.done();
                announceEnd(cursor);
            }
            case RemoteReading.Arrival.Trouble(var problem) -> {
                cursor.release();
                // The topic is there: only the leader has not heard of it.
                if (problem.getReason() == ErrorReason.ERROR_REASON_UNKNOWN_TOPIC) {
                    remote.orElseThrow().rest(cursor);
                } else {
                    failed(cursor, problem);
                }
            }
            case null -> {}
        }
    }

    private void deliver(Cursor cursor, RemoteReading reading, RemoteReading.Arrival.Batches arrived) {
        var batches = arrived.batches();
        var end = arrived.nextOffset();
        var epoch = RemoteReading.lastEpoch(batches);
        if (encoded) {
            var batch = batch(cursor, end, offsets(cursor, end), arrived.highWatermark());
            stream.send(Framed.of(ConsumeResponse.newBuilder().setBatch(batch).build(), batches.share()));
            sent(cursor, end, offsets(cursor, end), batches.length(), epoch);
        } else {
            var decoded = reader.decode(cursor.id, batches, cursor.position, credits.recordsMax());
            sendDecoded(cursor, decoded, end, arrived.highWatermark(), epoch);
        }
        if (cursor.position >= end) {
            reading.done();
        }
    }

    /// @param end one past the last offset of what was decoded
    /// @param epoch of its last record, if that is known
    /// @return where to read on
    private long sendDecoded(
            Cursor cursor, PartitionReader.Decoded decoded, long end, long highWatermark, OptionalInt epoch) {
        switch (decoded) {
            case PartitionReader.Decoded.Failed(var problem) -> halt(cursor, problem);
            case PartitionReader.Decoded.Records(var records) -> {
                // With fewer than it may have, the slice was read to its end; offsets without records included.
                var whole = records.size() < credits.recordsMax();
                var next = whole ? end : records.getLast().getOffset() + 1;
                var list =
                        ConsumedRecordList.newBuilder().addAllRecords(records).build();
                var batch = batch(cursor, next, records.size(), highWatermark).setRecords(list);
                stream.send(ConsumeResponse.newBuilder().setBatch(batch).build());
                sent(cursor, next, records.size(), list.getSerializedSize(), whole ? epoch : OptionalInt.empty());
            }
        }
        return cursor.position;
    }

    private static int offsets(Cursor cursor, long next) {
        return (int) Math.min(next - cursor.position, Integer.MAX_VALUE);
    }

    private static Batch.Builder batch(Cursor cursor, long next, int count, long highWatermark) {
        cursor.highWatermark = highWatermark;
        return Batch.newBuilder()
                .setAssignment(cursor.assignment)
                .setBaseOffset(cursor.position)
                .setNextOffset(next)
                .setHighWatermark(highWatermark)
                .setRecordCount(count)
                .setSeekId(cursor.seekId);
    }

    private void sent(Cursor cursor, long next, int records, int bytes, OptionalInt lastEpoch) {
        cursor.position = next;
        cursor.lastEpoch = lastEpoch;
        cursor.endAnnounced = false;
        credits.take(records, bytes);
    }

    /// Tells the client once that it has everything.
    private void announceEnd(Cursor cursor) {
        if (!cursor.endAnnounced) {
            cursor.endAnnounced = true;
            stream.send(ConsumeResponse.newBuilder()
                    .setEndOfPartition(EndOfPartition.newBuilder()
                            .setAssignment(cursor.assignment)
                            .setNextOffset(cursor.position))
                    .build());
        }
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

    /// Tells the reader of which partitions it has not been sent everything.
    void tellLag(long nowMillis) {
        var lag = Lag.newBuilder();
        for (var cursor : cursors.values()) {
            var known = Math.max(
                    cursor.highWatermark, reader.highWatermark(cursor.id).orElse(0));
            if (cursor.unresolvedStart != null || known <= cursor.position) {
                continue;
            }
            var partition =
                    PartitionLag.newBuilder().setAssignment(cursor.assignment).setRecords(known - cursor.position);
            reader.unreadMillis(cursor.id, cursor.position, nowMillis)
                    .ifPresent(millis -> partition.setAge(Duration.newBuilder()
                            .setSeconds(millis / 1000)
                            .setNanos((int) (millis % 1000) * 1_000_000)));
            lag.addPartitions(partition);
        }
        if (lag.getPartitionsCount() > 0) {
            stream.send(ConsumeResponse.newBuilder().setLag(lag).build());
        }
    }

    /// The cursor may have more: the watermark has passed its position, its partition's role has changed, its leader
    /// has
    /// sent something.
    @Override
    public void awaken(Cursor cursor) {
        cursor.unwatch();
        makeReady(cursor);
        pump();
    }

    @Override
    public void halt(Cursor cursor, Problem problem) {
        cursor.halted = true;
        cursor.release();
        stream.sendProblem(cursor.assignment, problem);
    }

    @Override
    public void close() {
        cursors.values().forEach(Cursor::release);
        remote.ifPresent(RemoteSources::close);
    }
}
