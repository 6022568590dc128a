package io.weirlog.log;

import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.TimestampType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The owner's half of a log: everything that changes it.
///
/// The batches of one append go out in one write per segment they touch, as a rule; see [WriteGroup].
final class LogAppender {
    /// 2^64 divided by the golden ratio: products with it differ in their high bits.
    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    private final LogContext context;
    private final LogState state;
    private final LogSyncer syncer;
    private final LogProducers producers;
    /// Null until it is asked for: an idle log shall not have to be read.
    private @Nullable OptionalLong activeFirstTimestampMillis;

    private final WriteGroup pending = new WriteGroup();
    private long pendingEndOffset;

    LogAppender(LogContext context, LogState state, LogSyncer syncer, LogProducers producers) throws IOException {
        this.context = context;
        this.state = state;
        this.syncer = syncer;
        this.producers = producers;
    }

    private OptionalLong firstTimestamp(LogView view) throws IOException {
        var known = activeFirstTimestampMillis;
        if (known == null) {
            var active = view.active();
            try (var headers = new HeaderCursor(active.reader(), active.file(), 0, view.activeBytes())) {
                var timestamp = headers.next() ? headers.header().maxTimestamp() : -1;
                known = timestamp < 0 ? OptionalLong.empty() : OptionalLong.of(timestamp);
            }
            activeFirstTimestampMillis = known;
        }
        return known;
    }

    /// Says that another segment has become the active one, by other means than an append.
    void activeReplaced() {
        activeFirstTimestampMillis = null;
    }

    void beginEpoch(LeaderEpoch epoch) throws IOException {
        state.checkWritable();
        var view = state.view();
        var epochs = view.epochs().begin(epoch, new Offset(view.logEndOffset()));
        if (epochs.equals(view.epochs())) {
            return;
        }
        try {
            syncer.beforeWrite();
            EpochFile.write(context.storage(), context.directory(), epochs);
        } catch (IOException e) {
            throw state.failed(e);
        }
        state.publish(view.withEpochs(epochs));
    }

    AppendResult append(List<ByteBuffer> batches, LeaderEpoch epoch, long nowMillis) throws IOException {
        state.checkWritable();
        var latest = state.view().epochs().latest();
        Invariant.check(
                latest.isPresent() && latest.get().equals(epoch), "R4: append in epoch %s, begun is %s", epoch, latest);
        var logAppendTime = context.config().timestampType() == TimestampType.LOG_APPEND_TIME;
        var baseOffsets = new long[batches.size()];
        try {
            syncer.beforeWrite();
            startGroup();
            for (var i = 0; i < baseOffsets.length; i++) {
                var batch = batches.get(i);
                var header = RecordBatch.of(batch);
                if (header.hasProducer() && !header.isControl()) {
                    producers.requireAccepted(header);
                }
                var maxTimestamp = logAppendTime ? nowMillis : header.maxTimestamp();
                rollIfNeeded(batch.remaining(), pendingEndOffset + header.lastOffsetDelta(), maxTimestamp);
                openForMarker(header);
                baseOffsets[i] = pendingEndOffset;
                var at = addPending(batch, pendingEndOffset + header.lastOffsetDelta() + 1);
                RecordBatch.stampBaseOffset(pending.staging(), at, baseOffsets[i]);
                RecordBatch.stampLeaderEpoch(pending.staging(), at, epoch.value());
                if (logAppendTime) {
                    HeaderStamp.logAppendTime(pending.staging(), at, batch, nowMillis);
                }
                takeProducer(at);
            }
            writeGroup();
        } catch (IOException e) {
            throw failedAppend(e);
        } catch (RuntimeException e) {
            state.poison(e);
            throw e;
        } finally {
            pending.clear();
        }
        return new AppendResult(baseOffsets, new Offset(state.view().logEndOffset()));
    }

    /// See [PartitionLog#appendMarker].
    MarkerResult appendMarker(TransactionMarker marker, LeaderEpoch epoch, long nowMillis) throws IOException {
        state.checkWritable();
        var refusal = producers.check(marker);
        return refusal.isPresent()
                ? refusal.get()
                : new MarkerResult.Written(append(List.of(marker.encode(nowMillis)), epoch, nowMillis)
                        .baseOffset(0));
    }

    /// Appends batches as a leader has stamped them; its epochs become this log's before their first record is
    /// written.
    void appendAsFollower(ByteBuffer batches) throws MalformedBatchException, IOException {
        state.checkWritable();
        var bytes = batches.duplicate();
        checkFromLeader(bytes.duplicate());
        try {
            syncer.beforeWrite();
            startGroup();
            while (bytes.hasRemaining()) {
                var header = RecordBatch.of(bytes);
                var sizeBytes = header.sizeBytes();
                adoptEpoch(header);
                rollIfNeeded(sizeBytes, header.lastOffset(), header.maxTimestamp());
                var batch = bytes.slice(bytes.position(), sizeBytes);
                openForMarker(RecordBatch.of(batch));
                takeProducer(addPending(batch, header.nextOffset()));
                bytes.position(bytes.position() + sizeBytes);
            }
            writeGroup();
        } catch (IOException e) {
            throw failedAppend(e);
        } catch (RuntimeException e) {
            state.poison(e);
            throw e;
        } finally {
            pending.clear();
        }
    }

    /// The CRC covers neither offset nor epoch nor length, so these are checked by continuity.
    private void checkFromLeader(ByteBuffer bytes) throws MalformedBatchException {
        var view = state.view();
        var expected = view.logEndOffset();
        var epoch = view.epochs().latest().map(LeaderEpoch::value).orElse(0);
        while (bytes.hasRemaining()) {
            var batch = RecordBatch.parse(bytes);
            if (!batch.crcIsValid()) {
                throw new MalformedBatchException("the CRC of the batch at offset " + batch.baseOffset() + " is wrong");
            }
            var base = batch.baseOffset();
            var continues = context.config().compacted() ? base >= expected : base == expected;
            if (!continues || batch.lastOffsetDelta() < 0 || base > Long.MAX_VALUE - Integer.MAX_VALUE - 1L) {
                throw new MalformedBatchException("a batch with offsets " + base + " to " + batch.lastOffset()
                        + " came where the log ends at " + expected);
            }
            if (batch.isControl()) {
                TransactionMarker.decode(batch);
            }
            if (batch.leaderEpoch() < epoch) {
                throw new MalformedBatchException("the batch at offset " + base + " is of epoch " + batch.leaderEpoch()
                        + ", but the log is already in epoch " + epoch);
            }
            expected = batch.nextOffset();
            epoch = batch.leaderEpoch();
            bytes.position(bytes.position() + batch.sizeBytes());
        }
    }

    private void adoptEpoch(RecordBatch batch) throws IOException {
        var epoch = new LeaderEpoch(batch.leaderEpoch());
        var view = state.view();
        if (view.epochs().latest().equals(Optional.of(epoch))) {
            return;
        }
        writeGroup();
        var epochs = view.epochs().begin(epoch, new Offset(batch.baseOffset()));
        EpochFile.write(context.storage(), context.directory(), epochs);
        state.publish(state.view().withEpochs(epochs));
    }

    void roll() throws IOException {
        state.checkWritable();
        if (state.view().activeBytes() == 0) {
            return;
        }
        try {
            syncer.beforeWrite();
            startGroup();
            rollNow();
        } catch (IOException e) {
            throw state.failed(e);
        }
    }

    /// What has been written so far stays, the rest can be appended another time; unless something of the rest has
    /// left its traces already.
    private IOException failedAppend(IOException failure) {
        return pending.isEmpty() ? state.failed(failure) : state.poison(failure);
    }

    /// Opens what an abort is noted in, before anything else knows of it.
    private void openForMarker(RecordBatch batch) throws IOException {
        if (producers.aborts(batch)) {
            writeGroup();
            state.view().active().transactions().openForAppend();
        }
    }

    /// Tells the table of producers of the batch that was added last. Before it is written, so that the table is
    /// ahead of the log until the group is out; should that fail, the log is poisoned and the table is of no use.
    ///
    /// @param at where its header is
    private void takeProducer(int at) throws IOException {
        var header = RecordBatch.at(pending.staging(), at);
        if (!header.hasProducer()) {
            return;
        }
        var aborted = producers.take(header.isControl() ? RecordBatch.of(pending.last()) : header);
        if (aborted.isPresent() && state.view().active().transactions().append(aborted.get())) {
            // Before the marker is shown: a sync that makes it durable must also sync the new file's name.
            syncer.directoryChanged();
        }
    }

    private void startGroup() throws IOException {
        var view = state.view();
        pendingEndOffset = view.logEndOffset();
        view.active().openForAppends(view.activeBytes());
    }

    /// Puts a batch after those that wait to be written; returns where its header is in the group's staging memory.
    private int addPending(ByteBuffer batch, long endOffset) throws IOException {
        if (!pending.hasRoomFor(batch)) {
            writeGroup();
        }
        pendingEndOffset = endOffset;
        return pending.add(batch);
    }

    /// Writes what waits, gives it its index entries and shows it to the readers, in this order.
    private void writeGroup() throws IOException {
        if (pending.isEmpty()) {
            return;
        }
        var view = state.view();
        var active = view.active();
        pending.writeTo(active.writer(), view.activeBytes());
        var indexes = active.indexes();
        var position = view.activeBytes();
        for (var i = 0; i < pending.count(); i++) {
            var header = pending.header(i);
            indexes.add(header, position);
            position += header.sizeBytes();
        }
        state.publish(view.appended(pendingEndOffset, position, producers.firstOpenTransaction()));
        pending.clear();
    }

    private void rollIfNeeded(int sizeBytes, long lastOffset, long maxTimestampMillis) throws IOException {
        var view = state.view();
        var filledBytes = view.activeBytes() + pending.bytes();
        if (filledBytes > 0 && mustRoll(view.active(), filledBytes + sizeBytes, lastOffset, maxTimestampMillis)) {
            writeGroup();
            rollNow();
            filledBytes = 0;
        }
        if (filledBytes == 0) {
            activeFirstTimestampMillis =
                    maxTimestampMillis < 0 ? OptionalLong.empty() : OptionalLong.of(maxTimestampMillis);
        }
    }

    private boolean mustRoll(Segment active, long filledBytes, long lastOffset, long maxTimestampMillis)
            throws IOException {
        var config = context.config();
        return active.isCompleted() // The roll before could not open its files.
                || filledBytes > config.segmentBytes()
                || lastOffset - active.baseOffset() > Integer.MAX_VALUE
                || spansTooLong(active, maxTimestampMillis)
                || active.indexes().areFull();
    }

    private boolean spansTooLong(Segment active, long maxTimestampMillis) throws IOException {
        var first = firstTimestamp(state.view());
        return first.isPresent() && maxTimestampMillis - first.getAsLong() > segmentMillis(active.baseOffset());
    }

    /// `segment.ms` less a part of `segment.jitter.ms` that differs from segment to segment and from partition to
    /// partition, but not from one start to the next.
    private long segmentMillis(long baseOffset) {
        var config = context.config();
        var jitterMillisMax = Math.min(config.segmentJitterMillis(), config.rollMillis());
        if (jitterMillisMax == 0) {
            return config.rollMillis();
        }
        var mixed = (31L * context.identity().hashCode() + baseOffset) * SPREAD;
        return config.rollMillis() - (mixed >>> 1) % jitterMillisMax;
    }

    /// May be called again if a file could not be opened: until the next segment is there nothing is appended.
    private void rollNow() throws IOException {
        var view = state.view();
        view.active().complete(view.activeBytes(), view.logEndOffset());
        producers.snapshot(view);
        var next = Segment.create(context, view.logEndOffset());
        // Before the segment is shown: a sync that sees it must also sync its name.
        syncer.directoryChanged();
        state.publish(view.rolled(next));
        producers.prune(state.view());
    }
}
