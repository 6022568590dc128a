package io.weirlog.log;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// What a log should be, in the dumbest way: a list of batches. Immutable; each step makes the next.
///
/// @param durableEnd everything before this offset was said to be durable
/// @param closedEnd where the log ended when it was closed, until the first change after that
/// @param rolled whether nothing was appended since the last roll
record LogModel(List<Batch> batches, EpochHistory epochs, long durableEnd, OptionalLong closedEnd, boolean rolled) {
    static final LogModel EMPTY = new LogModel(List.of(), EpochHistory.EMPTY, 0, OptionalLong.empty(), true);

    /// @param bytes with offset and epoch stamped
    record Batch(long nextOffset, ByteBuffer bytes) {}

    long end() {
        return batches.isEmpty() ? 0 : batches.getLast().nextOffset();
    }

    LogModel append(List<ByteBuffer> unstamped, LeaderEpoch epoch) {
        var longer = new ArrayList<>(batches);
        for (var batch : unstamped) {
            var base = longer.isEmpty() ? 0 : longer.getLast().nextOffset();
            var bytes = ByteBuffer.allocate(batch.remaining()).put(0, batch, batch.position(), batch.remaining());
            RecordBatch.stampBaseOffset(bytes, 0, base);
            RecordBatch.stampLeaderEpoch(bytes, 0, epoch.value());
            longer.add(new Batch(RecordBatch.of(bytes).nextOffset(), bytes));
        }
        return new LogModel(longer, epochs, durableEnd, OptionalLong.empty(), false);
    }

    LogModel begin(LeaderEpoch epoch) {
        var next = epochs.begin(epoch, new Offset(end()));
        return next.equals(epochs) ? this : new LogModel(batches, next, durableEnd, OptionalLong.empty(), rolled);
    }

    LogModel roll() {
        return rolled ? this : new LogModel(batches, epochs, durableEnd, OptionalLong.empty(), true);
    }

    LogModel synced() {
        return new LogModel(batches, epochs, end(), closedEnd, rolled);
    }

    LogModel closed() {
        return new LogModel(batches, epochs, end(), OptionalLong.of(end()), rolled);
    }

    /// The same log with other batches that end where these do.
    LogModel withBatches(ByteBuffer bytes) {
        if (bytes.equals(bytes(end()))) {
            return this; // Nothing was written, and a marker of a clean end is still there.
        }
        var others = new ArrayList<Batch>();
        for (var rest = bytes.duplicate(); rest.hasRemaining(); ) {
            var batch = RecordBatch.of(rest);
            others.add(new Batch(batch.nextOffset(), batch.slice()));
            rest.position(rest.position() + batch.sizeBytes());
        }
        return new LogModel(others, epochs, durableEnd, OptionalLong.empty(), rolled);
    }

    /// What is left after a crash that left the log up to `end`: this is on the disk now and has to stay.
    LogModel crashed(long end) {
        var kept = batches.stream().filter(batch -> batch.nextOffset() <= end).toList();
        // A marker that was there may still be.
        return new LogModel(kept, epochs.cutTo(new Offset(end)), end, closedEnd, false);
    }

    /// All batches up to `end`, one after the other.
    ByteBuffer bytes(long end) {
        var kept = crashed(end).batches();
        var all = ByteBuffer.allocate(
                kept.stream().mapToInt(batch -> batch.bytes().capacity()).sum());
        kept.forEach(batch -> all.put(batch.bytes().duplicate()));
        return all.flip();
    }

    /// Why an opened log is not what a crash may leave of this one; empty if it is.
    String difference(PartitionLog log, ByteBuffer found) throws IOException {
        var end = log.logEndOffset().value();
        if (end < durableEnd) {
            return "L1: it ends at " + end + ", it was durable up to " + durableEnd;
        }
        if (end > end() || !found.equals(bytes(end))) {
            return "L1: up to " + end + " it is not a prefix of what was appended";
        }
        var expected = epochs.cutTo(new Offset(end));
        for (var epoch = 0; epoch <= epochs.latest().map(LeaderEpoch::value).orElse(0) + 1; epoch++) {
            var asked = new LeaderEpoch(epoch);
            if (!log.endOffsetForEpoch(asked).equals(expected.endOf(asked, new Offset(end)))) {
                return "R4: epoch " + epoch + " ends at " + log.endOffsetForEpoch(asked) + ", expected " + expected;
            }
        }
        if (!log.latestEpoch().equals(expected.latest())) {
            return "R4: its epoch is " + log.latestEpoch() + ", expected " + expected;
        }
        if (log.recovery().clean() && end > 0 && !closedEnd.equals(OptionalLong.of(end))) {
            return "L4: a marker says that it was closed at " + end + ", it was at " + closedEnd;
        }
        return producerDifference(log, end);
    }

    /// What its batches say of producers, up to `end`.
    ProducerTable producers(long end, List<AbortedTransaction> aborted) {
        var table = new ProducerTable();
        crashed(end)
                .batches()
                .forEach(batch -> table.take(RecordBatch.of(batch.bytes())).ifPresent(aborted::add));
        return table;
    }

    private String producerDifference(PartitionLog log, long end) throws IOException {
        var aborted = new ArrayList<AbortedTransaction>();
        var expected = producers(end, aborted);
        if (!log.producers().equals(expected.entries())) {
            return "P2: its producers are " + log.producers() + ", expected " + expected.entries();
        }
        var stable = new Offset(expected.firstOpenTransaction().orElse(end));
        if (!log.lastStableOffset(new Offset(end)).equals(stable)) {
            return "P3: it is stable up to " + log.lastStableOffset(new Offset(end)) + ", expected " + stable;
        }
        var found = log.abortedTransactions(Offset.ZERO, new Offset(end));
        return found.equals(aborted) ? "" : "P3: it has aborted " + found + ", expected " + aborted;
    }
}
