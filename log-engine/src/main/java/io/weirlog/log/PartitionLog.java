package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.MalformedBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// One partition's log on disk: record batches in the public format, in segments with sparse indexes.
///
/// One thread, the owner, changes the log; the methods that only it may call say so. All others may be called
/// by any thread at any time, and none of them makes the owner wait: they work on an immutable view that the
/// owner publishes.
///
/// What [#append] returns is in the operating system's hands; it is durable once [#sync] has returned an offset
/// beyond it. After a failed write or sync the log is poisoned (L6): every later one fails with
/// [LogPoisonedException], reads go on. Where the operating system gives no more open files, a call fails with
/// [SystemLimitException] and may be repeated: of an append everything before the log's new end is in it, the rest is
/// not.
public final class PartitionLog implements AutoCloseable {
    private final LogContext context;
    private final LogState state;
    private final LogSyncer syncer;
    private final LogProducers producers;
    private final LogAppender appender;
    private final LogRetention retention;
    private final LogTruncator truncator;
    private final LogCompaction compaction;
    private final LogReader reader;
    private final RecoveryReport recovery;

    private PartitionLog(LogContext context, LogRecovery.Recovered recovered) throws IOException {
        this.context = context;
        this.recovery = recovered.report();
        this.state = new LogState(context.identity(), recovered.view());
        this.syncer = new LogSyncer(
                context,
                state,
                recovered.syncedOffset(),
                recovered.cleanMarkerPresent(),
                recovered.report().clean());
        this.producers = recovered.producers();
        this.reader = new LogReader(context, state);
        this.appender = new LogAppender(context, state, syncer, producers);
        this.retention = new LogRetention(context, state, syncer, appender, producers);
        this.truncator = new LogTruncator(context, state, syncer, producers);
        this.compaction = new LogCompaction(context, state, syncer, producers, reader);
    }

    /// Opens the log in a directory, or makes an empty one. A torn end is cut; [#recovery] tells what was done.
    ///
    /// @param identity whose log this has to be: a directory of another topic id is refused (M4)
    /// @throws LogOpenException if the directory cannot serve as this log; no batch in it was touched
    public static PartitionLog open(Storage storage, Path directory, PartitionIdentity identity, LogConfig config)
            throws IOException {
        return open(storage, directory, identity, config, DelayedTasks.AT_ONCE);
    }

    /// As above.
    ///
    /// @param later deletes files that have left the log, `file.delete.delay.ms` after that
    public static PartitionLog open(
            Storage storage, Path directory, PartitionIdentity identity, LogConfig config, DelayedTasks later)
            throws IOException {
        return open(storage, directory, identity, config, later, Optional.empty());
    }

    /// As above.
    ///
    /// @param firstEpoch of a log that has to be made: begins as with [#beginEpoch], without further syncs
    public static PartitionLog open(
            Storage storage,
            Path directory,
            PartitionIdentity identity,
            LogConfig config,
            DelayedTasks later,
            Optional<LeaderEpoch> firstEpoch)
            throws IOException {
        var context = new LogContext(storage, directory, identity, config, later);
        var recovered = new LogRecovery(context, firstEpoch).recover();
        var log = new PartitionLog(context, recovered);
        if (recovered.logStartOffset().isPresent()) {
            log.truncateFullyAndStartAt(new Offset(recovered.logStartOffset().getAsLong()));
        }
        return log;
    }

    public PartitionIdentity identity() {
        return context.identity();
    }

    public LogConfig config() {
        return context.config();
    }

    /// Keeps the log in another way from now on: what is there already, the size of the index files among it, stays
    /// as it is. For the owner thread.
    public void reconfigure(LogConfig config) {
        context.reconfigure(config);
    }

    public Path directory() {
        return context.directory();
    }

    /// What opening this log found and did.
    public RecoveryReport recovery() {
        return recovery;
    }

    // By the owner only.

    /// Says that a leader of this epoch is about to append: durable before its first record (R4). Does nothing if
    /// the epoch is already the latest.
    public void beginEpoch(LeaderEpoch epoch) throws IOException {
        appender.beginEpoch(epoch);
    }

    /// Appends a leader's batches, one after the other, in one write as a rule. Offsets, epoch and, where the
    /// topic says so, the time of the append are stamped on the way; the buffers are not changed and may be
    /// read-only.
    ///
    /// @param batches each one valid batch ([BatchValidator]), with nothing behind it; those of producers as
    ///     [#admission] has accepted them
    /// @param epoch the one that [#beginEpoch] was last called with
    public AppendResult append(List<ByteBuffer> batches, LeaderEpoch epoch, long nowMillis) throws IOException {
        return appender.append(batches, epoch, nowMillis);
    }

    /// Judges the batches of the next append: those that it accepts, and no others, are to be given to [#append], in
    /// the same order and before anything else changes the log.
    public ProducerAdmission admission() {
        return producers.admission(state.view().logEndOffset());
    }

    /// Ends a producer's transaction, unless the marker is late or repeated; [MarkerResult] says which are.
    ///
    /// @param epoch the one that [#beginEpoch] was last called with
    public MarkerResult appendMarker(TransactionMarker marker, LeaderEpoch epoch, long nowMillis) throws IOException {
        return appender.appendMarker(marker, epoch, nowMillis);
    }

    /// Forgets producers that have appended nothing for `producer.id.expiration.ms` and have no transaction open. To
    /// be called every few minutes.
    public void forgetIdleProducers(long nowMillis) {
        producers.forgetIdle(nowMillis);
    }

    /// What the log knows of its producers, by producer id: the last batch of each, its epoch and open transaction.
    public List<ProducerTable.Entry> producers() {
        return producers.entries();
    }

    /// Appends batches that a leader has stamped, as they are. The log's epochs follow those of the batches.
    ///
    /// @param batches whole batches, which continue this log
    /// @throws MalformedBatchException if they are not, or do not; nothing was appended
    public void appendAsFollower(ByteBuffer batches) throws MalformedBatchException, IOException {
        appender.appendAsFollower(batches);
    }

    /// Closes the active segment and starts the next, unless it is empty.
    public void roll() throws IOException {
        appender.roll();
    }

    /// Makes `offset` the log's start, durably, before anything that is only before it is deleted (T1). Does
    /// nothing if the log begins there or later.
    ///
    /// @param offset not after the high watermark, which the caller knows
    /// @throws IllegalArgumentException if it is after the log's end
    public void deleteRecordsBefore(Offset offset) throws IOException {
        retention.deleteRecordsBefore(offset);
    }

    /// Deletes the oldest segments as far as `retention.ms` and `retention.bytes` say, the active one only if
    /// everything in it is too old. To be called every few minutes: between two calls the clock is believed to
    /// have advanced by at most an hour, so that a clock that jumps ahead does not empty the log.
    ///
    /// @param highWatermark what is not wholly before it, or not before the first open transaction, stays (T1)
    public RetentionOutcome applyRetention(long nowMillis, Offset highWatermark) throws IOException {
        return retention.apply(nowMillis, highWatermark);
    }

    /// Takes off every batch with a record at or after the offset, with the epochs that begin there, also those
    /// without a record (KAFKA-10706). On return that is durable: no crash brings any of it back (L5). Slices
    /// that are open stay as they are. From an offset at or before the log's start nothing remains, and the log
    /// begins there; one beyond its end changes nothing.
    ///
    /// @return the log's new end, before the offset if a batch reached across it
    public Offset truncateTo(Offset offset) throws IOException {
        compaction.beforeTruncation(offset);
        truncator.truncateTo(offset);
        appender.activeReplaced();
        return logEndOffset();
    }

    /// Takes off everything, epochs too, and goes on at `start`, wherever that is: for a replica whose leader's
    /// log begins beyond its end. Durable on return; slices that are open stay as they are.
    public void truncateFullyAndStartAt(Offset start) throws IOException {
        compaction.beforeTruncation(Offset.ZERO);
        truncator.truncateFullyAndStartAt(start);
        appender.activeReplaced();
    }

    /// Closes the log. Unless it is poisoned, everything is durable then and the next opening needs no scan.
    /// Slices that are still open stay readable.
    @Override
    public void close() throws IOException {
        if (!state.close()) {
            return;
        }
        try {
            if (!state.isPoisoned() && !syncer.endsCleanly()) {
                var view = state.view();
                view.active().repairIndexes(view.activeBytes());
                view.active().indexes().finish();
                producers.snapshot(view);
                producers.prune(view);
                view.active().trim(view.activeBytes());
                syncer.closeClean();
            }
        } finally {
            release();
        }
    }

    /// Closes the log and deletes its directory, renamed first so that a crash leaves nothing that looks like a
    /// log. Slices that are still open stay readable.
    public void delete() throws IOException {
        state.close();
        var view = state.view();
        for (var i = 0; i < view.segmentCount(); i++) {
            view.segment(i).keepReaderOpen();
        }
        release();
        var storage = context.storage();
        var name = context.directory().getFileName() + "." + UUID.randomUUID() + LogFileNames.DELETED_DIRECTORY;
        var aside = context.directory().resolveSibling(name);
        storage.rename(context.directory(), aside);
        storage.syncDirectory(SmallFiles.directoryOf(aside));
        for (var file : storage.list(aside)) {
            storage.delete(aside.resolve(file));
        }
        storage.delete(aside);
    }

    private void release() throws IOException {
        syncer.release();
        var view = state.view();
        for (var i = 0; i < view.segmentCount(); i++) {
            view.segment(i).release();
        }
    }

    // By any thread.

    /// Whether a write or sync has failed, so that none is tried any more (L6).
    public boolean isPoisoned() {
        return state.isPoisoned();
    }

    /// Whether a log that takes no more writes may be opened anew, to find out what it holds: not after a failed sync,
    /// for then nobody knows what of it is on the disk (L6), and not before it is known how one under way ends.
    public boolean mayBeReopened() {
        // In this order: a sync that fails says so before it has ended.
        return !syncer.isUnderWay() && !state.hasSyncFailed();
    }

    /// Whether a sync has failed: nobody knows what of the log is on the disk (L6).
    public boolean hasSyncFailed() {
        return state.hasSyncFailed();
    }

    /// Makes durable what was appended before the call, and perhaps more. One sync serves all who wait for it.
    ///
    /// @return everything before this offset is durable
    public Offset sync() throws IOException {
        return syncer.sync();
    }

    /// What a sync together with other logs needs.
    LogSyncer syncer() {
        return syncer;
    }

    /// What the last [#sync] returned; after opening, what is known to have been durable before.
    public Offset syncedOffset() {
        return new Offset(syncer.syncedOffset());
    }

    /// The first offset that can be read.
    public Offset logStartOffset() {
        return new Offset(state.view().logStartOffset());
    }

    /// One past the last record.
    public Offset logEndOffset() {
        return new Offset(state.view().logEndOffset());
    }

    /// The bytes of all batches; indexes are not counted.
    public long sizeBytes() {
        return state.view().sizeBytes();
    }

    /// The log's compaction by key: one thread at a time may clean, any may ask.
    public LogCompaction compaction() {
        return compaction;
    }

    /// Reads whole batches, starting with the one that holds `from`: at most `maxBytes`, but at least one batch;
    /// from one segment, so more may follow at once at [LogSlice#nextOffset].
    ///
    /// @param upTo nothing from here on is read; a boundary between batches, such as the high watermark. At or
    ///     beyond it the slice is empty
    /// @throws CorruptLogException if there is no batch where one must be
    public ReadResult read(Offset from, int maxBytes, Offset upTo) throws IOException {
        state.checkOpen();
        return reader.read(from, maxBytes, upTo);
    }

    /// The first record before `upTo` that is not earlier than the time, with its own time; empty if there is
    /// none.
    public Optional<TimestampAndOffset> findByTimestamp(long timestampMillis, Offset upTo) throws IOException {
        state.checkOpen();
        return reader.findByTimestamp(timestampMillis, upTo);
    }

    /// Before this offset everything is decided (P3): it is below the high watermark, and of no transaction that is
    /// open. To be asked once per read, with the watermark that the read goes by.
    public Offset lastStableOffset(Offset highWatermark) {
        return new Offset(state.view().lastStableOffset(highWatermark.value()));
    }

    /// The aborted transactions that have something in [`from`, `to`), by their markers: readers of committed records
    /// leave out what these producers wrote in a transaction, up to its last offset.
    ///
    /// @param to not after what [#lastStableOffset] has said
    public List<AbortedTransaction> abortedTransactions(Offset from, Offset to) throws IOException {
        state.checkOpen();
        return reader.abortedTransactions(from.value(), to.value());
    }

    /// Where the records of an epoch begin; empty if the log does not know of it.
    public Optional<Offset> startOffsetOfEpoch(LeaderEpoch epoch) {
        return state.view().epochs().startOf(epoch);
    }

    /// The epoch in which the record at an offset was written; empty if that is before the first known one.
    public Optional<LeaderEpoch> epochAt(Offset offset) {
        return state.view().epochs().epochAt(offset);
    }

    /// The largest epoch of this log that is not after the asked one, and where its records end (KIP-101, KIP-279).
    /// If all are after it: the asked epoch, and where the first of them starts.
    public EpochEnd endOffsetForEpoch(LeaderEpoch epoch) {
        return state.view().endOfEpoch(epoch);
    }

    /// The epoch of the last [#beginEpoch], or of the last batch from a leader.
    public Optional<LeaderEpoch> latestEpoch() {
        return state.view().epochs().latest();
    }

    /// The epoch of the first record, or of the first that is to come.
    public Optional<LeaderEpoch> earliestEpoch() {
        return state.view().epochs().earliest();
    }
}
