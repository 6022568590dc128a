package io.weirlog.log;

import io.weirlog.log.ProducerTable.Appended;
import io.weirlog.log.ProducerTable.Entry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/// The producers of a log at one of its offsets, in the public layout of `.snapshot`:
///
/// ```
/// byte 0         2          6           10
///      ┌─────────┬──────────┬───────────┬─── the entries, 46 bytes each
///      │ version │ CRC32C   │ number of │
///      │ 1, i16  │ of what  │ entries,  │
///      │         │ follows  │ i32       │
///      └─────────┴──────────┴───────────┴───
/// producer id i64 | epoch i16 | last sequence i32 | last offset i64 | last minus first offset of that batch i32
///   | timestamp i64 | coordinator epoch i32 | first offset of the open transaction i64
/// ```
///
/// What is absent is −1.
public final class ProducerSnapshot {
    private static final short VERSION = 1;
    private static final int CRC_AT = 2;
    private static final int ENTRIES_AT = 6;
    private static final int HEADER_BYTES = 10;
    private static final int ENTRY_BYTES = 46;
    private static final int NONE = -1;

    private ProducerSnapshot() {}

    static ByteBuffer encode(List<Entry> entries) {
        var bytes = ByteBuffer.allocate(HEADER_BYTES + entries.size() * ENTRY_BYTES);
        bytes.putShort(VERSION).putInt(0).putInt(entries.size());
        for (var entry : entries) {
            var last = entry.last();
            bytes.putLong(entry.producerId())
                    .putShort(entry.epoch())
                    .putInt(last.map(Appended::lastSequence).orElse(NONE))
                    .putLong(last.map(Appended::lastOffset).orElse((long) NONE))
                    .putInt(last.map(batch -> (int) (batch.lastOffset() - batch.baseOffset()))
                            .orElse(0))
                    .putLong(entry.timestampMillis())
                    .putInt(entry.coordinatorEpoch().orElse(NONE))
                    .putLong(entry.transactionStart().orElse(NONE));
        }
        bytes.flip();
        return bytes.putInt(CRC_AT, crcOf(bytes));
    }

    /// Empty if the bytes cannot be what was written: the table is then built from the log.
    public static Optional<List<Entry>> decode(ByteBuffer bytes) {
        if (bytes.remaining() < HEADER_BYTES
                || bytes.getShort(0) != VERSION
                || bytes.getInt(CRC_AT) != crcOf(bytes)
                || bytes.getInt(ENTRIES_AT) != (bytes.remaining() - HEADER_BYTES) / ENTRY_BYTES
                || (bytes.remaining() - HEADER_BYTES) % ENTRY_BYTES != 0) {
            return Optional.empty();
        }
        var entries = new ArrayList<Entry>();
        for (var in = bytes.duplicate().position(HEADER_BYTES); in.hasRemaining(); ) {
            entries.add(entry(in));
        }
        return Optional.of(List.copyOf(entries));
    }

    /// Whether entries can be those of a log at an offset: they speak only of what is before it.
    public static boolean canBeOf(long offset, List<Entry> entries) {
        return entries.stream()
                .allMatch(entry -> entry.producerId() >= 0
                        && entry.epoch() >= 0
                        && entry.last().map(Appended::lastOffset).orElse(-1L) < offset
                        && entry.transactionStart().orElse(-1) < offset);
    }

    private static Entry entry(ByteBuffer in) {
        var producerId = in.getLong();
        var epoch = in.getShort();
        var lastSequence = in.getInt();
        var lastOffset = in.getLong();
        var offsetDelta = in.getInt();
        var timestampMillis = in.getLong();
        var coordinatorEpoch = in.getInt();
        var transactionStart = in.getLong();
        var last = lastOffset < 0
                ? Optional.<Appended>empty()
                : Optional.of(new Appended(
                        ProducerTable.plus(lastSequence, -offsetDelta),
                        lastSequence,
                        lastOffset - offsetDelta,
                        lastOffset,
                        timestampMillis));
        return new Entry(
                producerId,
                epoch,
                last,
                timestampMillis,
                coordinatorEpoch < 0 ? OptionalInt.empty() : OptionalInt.of(coordinatorEpoch),
                transactionStart < 0 ? OptionalLong.empty() : OptionalLong.of(transactionStart));
    }

    private static int crcOf(ByteBuffer bytes) {
        var crc = new CRC32C();
        crc.update(bytes.slice(ENTRIES_AT, bytes.limit() - ENTRIES_AT));
        return (int) crc.getValue();
    }
}
