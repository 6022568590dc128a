package io.weirlog.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `.txnindex` of one segment: the aborted transactions whose markers are in it, in the order of these. There is no
/// file without an entry. One entry:
///
/// ```
/// byte 0         2             10             18            26
///      ┌─────────┬─────────────┬──────────────┬─────────────┬────────────────────┐
///      │ version │ producer id │ first offset │ last offset │ last stable offset │
///      │ 0, i16  │ i64         │ i64          │ i64         │ i64                │
///      └─────────┴─────────────┴──────────────┴─────────────┴────────────────────┘
/// ```
///
/// Lookups may come from any thread, appends from the one that owns the segment, [#sync] from another.
public final class TransactionIndex {
    public static final int ENTRY_BYTES = 34;
    private static final short VERSION = 0;
    private static final int LAST_OFFSET_AT = 18;
    /// As many entries as are read at once.
    private static final int CHUNK_BYTES = ChunkPool.CHUNK_BYTES / ENTRY_BYTES * ENTRY_BYTES;

    private final Storage storage;
    private final Path file;

    /// Written by the owner, after the entry itself.
    private volatile int entries;
    /// Set by the owner, reset by whoever syncs before it does so.
    private volatile boolean dirty;

    private Storage.@Nullable ReadableFile reader;
    private Storage.@Nullable WritableFile writer;

    private TransactionIndex(Storage storage, Path file, int entries) {
        this.storage = storage;
        this.file = file;
        this.entries = entries;
        this.dirty = entries > 0;
    }

    /// The index of a segment that is there. What is in it counts as not yet synced.
    static TransactionIndex open(LogContext context, long baseOffset) throws IOException {
        var file = context.segmentFile(baseOffset, LogFileNames.TRANSACTION_INDEX);
        var bytes = context.storage().exists(file) ? context.storage().sizeBytes(file) : 0;
        return new TransactionIndex(context.storage(), file, Math.toIntExact(bytes / ENTRY_BYTES));
    }

    /// A new one; what was in the file is gone.
    static TransactionIndex create(LogContext context, long baseOffset) throws IOException {
        var file = context.segmentFile(baseOffset, LogFileNames.TRANSACTION_INDEX);
        context.storage().delete(file);
        return new TransactionIndex(context.storage(), file, 0);
    }

    /// Replaces an index by one with these entries, or by none. Durable on return, but for the file's name.
    static void write(LogContext context, long baseOffset, List<AbortedTransaction> entries) throws IOException {
        var index = create(context, baseOffset);
        try {
            for (var entry : entries) {
                index.append(entry);
            }
            index.sync();
        } finally {
            index.close();
        }
    }

    boolean isEmpty() {
        return entries == 0;
    }

    /// @return whether this made the file, whose name is then not durable yet
    boolean append(AbortedTransaction aborted) throws IOException {
        var count = entries;
        var entry = ByteBuffer.allocate(ENTRY_BYTES);
        put(entry, aborted);
        writer().write((long) count * ENTRY_BYTES, entry.flip());
        dirty = true;
        entries = count + 1;
        return count == 0;
    }

    /// Adds the transactions that overlap [`from`, `to`).
    ///
    /// @return whether those of later segments cannot: everything before `to` was decided here
    boolean collect(long from, long to, List<AbortedTransaction> found) throws IOException {
        var count = entries;
        for (var i = firstEndingAt(from, count); i < count; ) {
            for (var aborted : read(i, count)) {
                if (aborted.firstOffset() < to) {
                    found.add(aborted);
                }
                if (aborted.lastStableOffset() >= to) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }

    /// All entries whose marker is before an offset.
    List<AbortedTransaction> endingBefore(long offset) throws IOException {
        var count = firstEndingAt(offset, entries);
        var all = new ArrayList<AbortedTransaction>();
        while (all.size() < count) {
            all.addAll(read(all.size(), count));
        }
        return all;
    }

    /// All entries whose marker is not before an offset.
    List<AbortedTransaction> endingFrom(long offset) throws IOException {
        var count = entries;
        var all = new ArrayList<AbortedTransaction>();
        for (var i = firstEndingAt(offset, count); i < count; ) {
            var some = read(i, count);
            all.addAll(some);
            i += some.size();
        }
        return all;
    }

    /// The first entry whose marker is not before an offset, by bisection.
    private int firstEndingAt(long offset, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        var lastOffset = ByteBuffer.allocate(Long.BYTES);
        var low = 0;
        var high = count;
        while (low < high) {
            var middle = (low + high) >>> 1;
            reader().read((long) middle * ENTRY_BYTES + LAST_OFFSET_AT, lastOffset.clear());
            if (lastOffset.getLong(0) < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// Some entries from number `first` on, at least one.
    private List<AbortedTransaction> read(int first, int count) throws IOException {
        var bytes = ChunkPool.HEAP.take();
        try {
            bytes.limit(Math.min(CHUNK_BYTES, (count - first) * ENTRY_BYTES));
            reader().read((long) first * ENTRY_BYTES, bytes);
            bytes.flip();
            var read = new ArrayList<AbortedTransaction>(bytes.remaining() / ENTRY_BYTES);
            while (bytes.hasRemaining()) {
                bytes.getShort();
                read.add(new AbortedTransaction(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong()));
            }
            return read;
        } finally {
            ChunkPool.HEAP.giveBack(bytes);
        }
    }

    static void put(ByteBuffer target, AbortedTransaction aborted) {
        target.putShort(VERSION)
                .putLong(aborted.producerId())
                .putLong(aborted.firstOffset())
                .putLong(aborted.lastOffset())
                .putLong(aborted.lastStableOffset());
    }

    /// What a whole file holds; empty if it cannot be one, or not that of a segment of these offsets.
    ///
    /// @param endOffset one past the segment's last offset
    public static Optional<List<AbortedTransaction>> decode(ByteBuffer bytes, long baseOffset, long endOffset) {
        if (bytes.remaining() % ENTRY_BYTES != 0) {
            return Optional.empty();
        }
        var all = new ArrayList<AbortedTransaction>();
        var previousEnd = baseOffset - 1;
        var previousStable = 0L;
        while (bytes.hasRemaining()) {
            var version = bytes.getShort();
            var entry = new AbortedTransaction(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
            if (version != VERSION
                    || entry.lastOffset() <= previousEnd
                    || entry.lastOffset() >= endOffset
                    || entry.firstOffset() < 0
                    || entry.firstOffset() >= entry.lastOffset()
                    || entry.lastStableOffset() < previousStable
                    || entry.lastStableOffset() > entry.lastOffset() + 1) {
                return Optional.empty();
            }
            previousEnd = entry.lastOffset();
            previousStable = entry.lastStableOffset();
            all.add(entry);
        }
        return Optional.of(List.copyOf(all));
    }

    /// Makes durable what was appended before the call; the name of a new file is the directory's affair.
    void sync() throws IOException {
        if (dirty) {
            var open = writer();
            // First the mark, then the sync: what is appended meanwhile is synced next time.
            dirty = false;
            open.syncData();
        }
    }

    /// Opens what a reader may want, so that the name of the file can go.
    void openForReaders() throws IOException {
        if (!isEmpty()) {
            reader().keepOpen();
        }
    }

    /// Opens the file, and makes it, for an entry that is then added without fail.
    void openForAppend() throws IOException {
        writer();
    }

    /// Locked, so that one of the threads that find the file closed opens it for all.
    private synchronized Storage.ReadableFile reader() throws IOException {
        var open = reader;
        if (open == null) {
            open = storage.openForRead(file);
            reader = open;
        }
        return open;
    }

    /// Locked, so that one of the owner and the syncing thread opens the file for both.
    private synchronized Storage.WritableFile writer() throws IOException {
        var open = writer;
        if (open == null) {
            open = storage.openForWrite(file);
            writer = open;
        }
        return open;
    }

    /// Closes the file for writing; nothing will be appended or synced any more.
    synchronized void closeWriter() throws IOException {
        var open = writer;
        if (open != null) {
            writer = null;
            open.close();
        }
    }

    synchronized void close() throws IOException {
        closeWriter();
        var open = reader;
        if (open != null) {
            reader = null;
            open.close();
        }
    }
}
