package io.weirlog.log;

import io.weirlog.log.ProducerTable.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongPredicate;

/// The `.snapshot` files of one log: what it said of its producers at the offset in the name. They only save time:
/// without them the table is built from the batches. By the owner.
final class ProducerSnapshots {
    /// The latest of all are kept wherever they are, in case the very latest is damaged.
    private static final int LATEST_KEPT = 2;
    /// More than a million producers.
    private static final int BYTES_MAX = 64 << 20;

    private final LogContext context;
    /// Of the files that are there.
    private final TreeSet<Long> offsets = new TreeSet<>();

    /// @param names of the files in the log's directory
    ProducerSnapshots(LogContext context, List<String> names) {
        this.context = context;
        for (var name : names) {
            LogFileNames.baseOffset(name, LogFileNames.SNAPSHOT).ifPresent(offsets::add);
        }
    }

    /// What a snapshot holds, and of which offset it is.
    record Found(long offset, List<Entry> entries) {}

    /// The newest that can be believed, of those from one offset to another, both included. Those that cannot are
    /// removed.
    Optional<Found> newest(long from, long to) throws IOException {
        while (true) {
            var offset = offsets.floor(to);
            if (offset == null || offset < from) {
                return Optional.empty();
            }
            var entries = read(offset);
            if (entries.isPresent()) {
                return Optional.of(new Found(offset, entries.get()));
            }
            removeIf(each -> each == offset);
        }
    }

    private Optional<List<Entry>> read(long offset) throws IOException {
        try (var in = context.storage().openForRead(context.segmentFile(offset, LogFileNames.SNAPSHOT))) {
            var sizeBytes = in.sizeBytes();
            if (sizeBytes > BYTES_MAX) {
                return Optional.empty();
            }
            var bytes = ByteBuffer.allocate((int) sizeBytes);
            in.read(0, bytes);
            return ProducerSnapshot.decode(bytes.flip()).filter(entries -> ProducerSnapshot.canBeOf(offset, entries));
        }
    }

    /// Writes one unless it is there. Durable on return (L7).
    void write(long offset, ProducerTable table) throws IOException {
        if (!offsets.contains(offset)) {
            SmallFiles.replace(
                    context.storage(),
                    context.segmentFile(offset, LogFileNames.SNAPSHOT),
                    ProducerSnapshot.encode(table.entries()));
            offsets.add(offset);
        }
    }

    /// Removes what is neither at the beginning of one of the log's segments nor one of the latest: from the
    /// beginning of a segment the table is built anew when the log is cut there, or not properly closed.
    void prune(LogView view) throws IOException {
        var latest = offsets.size() < LATEST_KEPT
                ? 0
                : offsets.descendingSet().stream()
                        .skip(LATEST_KEPT - 1)
                        .findFirst()
                        .orElse(0L);
        removeIf(offset ->
                offset < latest && view.segment(view.segmentIndexOf(offset)).baseOffset() != offset);
    }

    void removeBefore(long offset) throws IOException {
        removeIf(each -> each < offset);
    }

    void removeAfter(long offset) throws IOException {
        removeIf(each -> each > offset);
    }

    private void removeIf(LongPredicate unwanted) throws IOException {
        for (var each = offsets.iterator(); each.hasNext(); ) {
            var offset = each.next();
            if (unwanted.test(offset)) {
                context.storage().delete(context.segmentFile(offset, LogFileNames.SNAPSHOT));
                each.remove();
            }
        }
    }
}
