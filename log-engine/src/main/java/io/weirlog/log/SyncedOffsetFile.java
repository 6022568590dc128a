package io.weirlog.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// `synced-offset`: a lower bound of what was durable, so that recovery can tell a torn end, which it cuts, from
/// damage to what was once synced, which it must not (L2, L3).
///
/// It is written after every sync but itself synced only on close and when a segment is complete, for a second
/// sync per sync would double the price: after the loss of a process it is exact, after the loss of power it may
/// lag. After syncs together with other logs it may lag in any case, by 64 KiB.
///
/// Two slots are written in turn, so that a torn write leaves the other:
///
/// ```
/// byte 0            8           12       16
///      ┌────────────┬───────────┬────────┬─── the same again
///      │ offset i64 │ CRC32C of │version │
///      │            │ it, u32   │ 0, i32 │
///      └────────────┴───────────┴────────┴───
/// ```
///
/// Not thread-safe.
final class SyncedOffsetFile implements Closeable {
    private static final int SLOT_BYTES = 16;
    private static final int SLOTS = 2;

    private final Storage storage;
    private final Path file;
    private final ByteBuffer slot = ByteBuffer.allocate(SLOT_BYTES);
    private Storage.@Nullable Note out;
    private int nextSlot;

    SyncedOffsetFile(Storage storage, Path directory) {
        this.storage = storage;
        this.file = directory.resolve(LogFileNames.SYNCED_OFFSET);
    }

    /// Makes the file, if it is not there, and returns it.
    Storage.Note open() throws IOException {
        var target = out;
        if (target == null) {
            makeIfAbsent(storage, file);
            target = storage.openNote(file);
            out = target;
        }
        return target;
    }

    /// Makes the file of a new log, with nothing synced, to be made durable together with others.
    static void createUnsynced(Storage storage, Path directory) throws IOException {
        try (var target = storage.openForWrite(directory.resolve(LogFileNames.SYNCED_OFFSET))) {
            writeNothingSynced(target);
        }
    }

    /// Makes the file of a log without any segments, with nothing synced. Its name is the directory's affair.
    static void create(Storage storage, Path directory) throws IOException {
        makeIfAbsent(storage, directory.resolve(LogFileNames.SYNCED_OFFSET));
    }

    /// Once there is a file, it has a valid slot: a file without one is damaged, and not of a log that crashed
    /// before its first sync.
    private static void makeIfAbsent(Storage storage, Path file) throws IOException {
        if (storage.exists(file)) {
            return;
        }
        var temporary = SmallFiles.temporary(file);
        try (var target = storage.openForWrite(temporary)) {
            writeNothingSynced(target);
            storage.syncSmall(temporary, target);
        }
        storage.rename(temporary, file);
    }

    private static void writeNothingSynced(Storage.WritableFile target) throws IOException {
        target.truncate(0);
        for (var i = 0; i < SLOTS; i++) {
            target.write((long) i * SLOT_BYTES, slot(ByteBuffer.allocate(SLOT_BYTES), 0));
        }
    }

    void write(long offset) throws IOException {
        open().write((long) nextSlot * SLOT_BYTES, slot(slot, offset));
        nextSlot = (nextSlot + 1) % SLOTS;
    }

    private static ByteBuffer slot(ByteBuffer target, long offset) {
        return target.clear().putLong(offset).putInt(crcOf(offset)).putInt(0).flip();
    }

    /// Puts a smaller offset in place of all that were written, durably. One slot after the other, so that
    /// there is always a valid one: until the last is replaced the old offset counts.
    void lowerTo(long offset) throws IOException {
        for (var i = 0; i < SLOTS; i++) {
            write(offset);
            sync();
        }
    }

    /// Makes the last [#write] durable.
    void sync() throws IOException {
        if (out != null) {
            out.syncData();
        }
    }

    /// The largest offset in a valid slot.
    ///
    /// @throws LogOpenException if a newer program wrote all of them
    static Optional<Long> read(Storage storage, Path directory) throws IOException {
        var slots = validSlots(storage, directory);
        var largest = slots.stream()
                .filter(slot -> slot.version() == 0)
                .map(Slot::offset)
                .max(Comparator.naturalOrder());
        if (largest.isEmpty() && !slots.isEmpty()) {
            throw new LogOpenException(new LogOpenFailure.UnknownVersion(
                    directory.resolve(LogFileNames.SYNCED_OFFSET),
                    String.valueOf(slots.getLast().version())));
        }
        return largest;
    }

    /// Whether any program has ever noted that records were synced.
    static boolean isBeyondStart(Storage storage, Path directory) throws IOException {
        return validSlots(storage, directory).stream().anyMatch(slot -> slot.offset() > 0);
    }

    private record Slot(long offset, int version) {}

    private static List<Slot> validSlots(Storage storage, Path directory) throws IOException {
        var file = directory.resolve(LogFileNames.SYNCED_OFFSET);
        if (!storage.exists(file)) {
            return List.of();
        }
        try (var in = storage.openForRead(file)) {
            var bytes = ByteBuffer.allocate((int) Math.min(in.sizeBytes(), SLOTS * SLOT_BYTES));
            in.read(0, bytes);
            var slots = new ArrayList<Slot>();
            for (var at = 0; at + SLOT_BYTES <= bytes.limit(); at += SLOT_BYTES) {
                var offset = bytes.getLong(at);
                if (offset >= 0 && bytes.getInt(at + Long.BYTES) == crcOf(offset)) {
                    slots.add(new Slot(offset, bytes.getInt(at + Long.BYTES + Integer.BYTES)));
                }
            }
            return slots;
        }
    }

    private static int crcOf(long offset) {
        var crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, offset));
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
            out = null;
        }
    }
}
