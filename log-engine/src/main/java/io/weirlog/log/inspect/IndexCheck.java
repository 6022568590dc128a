package io.weirlog.log.inspect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Compares a segment's two indexes with its batches. Zeros at the end are room of a segment that was being written.
final class IndexCheck {
    private static final int OFFSET_ENTRY_BYTES = 8;
    private static final int TIME_ENTRY_BYTES = 12;

    private final LogFiles files;
    private final long baseOffset;
    private final List<Batch> batches;
    private final List<Finding> findings;

    record Batch(int position, long lastOffset, long maxTimestampMillis) {}

    /// @param batches of the segment, in order
    /// @param findings receives what is wrong
    IndexCheck(LogFiles files, long baseOffset, List<Batch> batches, List<Finding> findings) {
        this.files = files;
        this.baseOffset = baseOffset;
        this.batches = batches;
        this.findings = findings;
    }

    void verify() throws IOException {
        verify(files.segmentFile(baseOffset, LogFiles.OFFSET_INDEX), OFFSET_ENTRY_BYTES);
        verify(files.segmentFile(baseOffset, LogFiles.TIME_INDEX), TIME_ENTRY_BYTES);
    }

    private void verify(Path file, int entryBytes) throws IOException {
        if (!Files.exists(file)) {
            findings.add(new Finding(file, 0, "the index is missing"));
            return;
        }
        var entries = entryBytes == OFFSET_ENTRY_BYTES ? files.offsetIndex(baseOffset) : files.timeIndex(baseOffset);
        var used = entries.size();
        while (used > 0 && isRoom(entries.get(used - 1))) {
            used--;
        }
        if (used == entries.size() && Files.size(file) % entryBytes != 0) {
            findings.add(new Finding(file, (long) used * entryBytes, "an entry is cut off"));
        }
        var previous = Optional.<IndexEntry>empty();
        for (var i = 0; i < used; i++) {
            var entry = entries.get(i);
            var position = (long) i * entryBytes;
            if (previous.isPresent() && !isAfter(entry, previous.get())) {
                findings.add(new Finding(file, position, entry + " follows " + previous.get()));
            } else if (!isTrue(entry)) {
                findings.add(new Finding(file, position, entry + " is not so in the log"));
            }
            previous = Optional.of(entry);
        }
    }

    private boolean isRoom(IndexEntry entry) {
        return switch (entry) {
            case IndexEntry.OfOffset offset -> offset.position() == 0 && offset.lastOffset() == baseOffset;
            case IndexEntry.OfTime time -> time.timestampMillis() == 0 && time.lastOffset() == baseOffset;
        };
    }

    private static boolean isAfter(IndexEntry entry, IndexEntry previous) {
        return switch (entry) {
            case IndexEntry.OfOffset offset ->
                previous instanceof IndexEntry.OfOffset before
                        && offset.lastOffset() > before.lastOffset()
                        && offset.position() > before.position();
            case IndexEntry.OfTime time ->
                previous instanceof IndexEntry.OfTime before
                        && time.timestampMillis() > before.timestampMillis()
                        && time.lastOffset() > before.lastOffset();
        };
    }

    private boolean isTrue(IndexEntry entry) {
        return switch (entry) {
            case IndexEntry.OfOffset offset ->
                batches.stream()
                        .anyMatch(batch ->
                                batch.position() == offset.position() && batch.lastOffset() == offset.lastOffset());
            case IndexEntry.OfTime time ->
                batches.stream()
                                .filter(batch -> batch.lastOffset() <= time.lastOffset())
                                .mapToLong(Batch::maxTimestampMillis)
                                .max()
                                .orElse(-1)
                        == time.timestampMillis();
        };
    }
}
