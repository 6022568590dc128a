package io.weirlog.log.inspect;

import io.weirlog.record.RecordBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Compares a segment's two indexes with its batches while these pass by, so that neither needs more than one look.
/// Zeros at the end are room of a segment that was being written.
final class IndexCheck {
    private static final int OFFSET_ENTRY_BYTES = 8;
    private static final int TIME_ENTRY_BYTES = 12;

    private final long baseOffset;
    private final Path offsetFile;
    private final Path timeFile;
    private final List<IndexEntry.OfOffset> offsets;
    private final List<IndexEntry.OfTime> times;
    private final List<Finding> ofOffsets = new ArrayList<>();
    private final List<Finding> ofTimes = new ArrayList<>();
    private int nextOffset;
    private int nextTime;
    private long latestMillis = -1;

    IndexCheck(LogFiles files, long baseOffset) throws IOException {
        this.baseOffset = baseOffset;
        this.offsetFile = files.segmentFile(baseOffset, LogFiles.OFFSET_INDEX);
        this.timeFile = files.segmentFile(baseOffset, LogFiles.TIME_INDEX);
        this.offsets = exists(offsetFile, ofOffsets) ? used(files.offsetIndex(baseOffset)) : List.of();
        this.times = exists(timeFile, ofTimes) ? used(files.timeIndex(baseOffset)) : List.of();
        if (Files.exists(offsetFile)) {
            checkEnd(offsetFile, OFFSET_ENTRY_BYTES, offsets.size(), ofOffsets);
        }
        if (Files.exists(timeFile)) {
            checkEnd(timeFile, TIME_ENTRY_BYTES, times.size(), ofTimes);
        }
        checkOrder();
    }

    private static boolean exists(Path file, List<Finding> findings) {
        if (!Files.exists(file)) {
            findings.add(new Finding(file, 0, "the index is missing"));
        }
        return Files.exists(file);
    }

    private <E extends IndexEntry> List<E> used(List<E> entries) {
        var used = entries.size();
        while (used > 0 && isRoom(entries.get(used - 1))) {
            used--;
        }
        return entries.subList(0, used);
    }

    private boolean isRoom(IndexEntry entry) {
        return switch (entry) {
            case IndexEntry.OfOffset offset -> offset.position() == 0 && offset.lastOffset() == baseOffset;
            case IndexEntry.OfTime time -> time.timestampMillis() == 0 && time.lastOffset() == baseOffset;
        };
    }

    private static void checkEnd(Path file, int entryBytes, int used, List<Finding> findings) throws IOException {
        if (Files.size(file) / entryBytes == used && Files.size(file) % entryBytes != 0) {
            findings.add(new Finding(file, (long) used * entryBytes, "an entry is cut off"));
        }
    }

    private void checkOrder() {
        for (var i = 1; i < offsets.size(); i++) {
            var entry = offsets.get(i);
            var before = offsets.get(i - 1);
            if (entry.lastOffset() <= before.lastOffset() || entry.position() <= before.position()) {
                ofOffsets.add(new Finding(offsetFile, (long) i * OFFSET_ENTRY_BYTES, entry + " follows " + before));
            }
        }
        for (var i = 1; i < times.size(); i++) {
            var entry = times.get(i);
            var before = times.get(i - 1);
            if (entry.timestampMillis() <= before.timestampMillis() || entry.lastOffset() <= before.lastOffset()) {
                ofTimes.add(new Finding(timeFile, (long) i * TIME_ENTRY_BYTES, entry + " follows " + before));
            }
        }
    }

    /// Takes the segment's next batch.
    void pass(RecordBatch batch, int position) {
        while (nextTime < times.size() && times.get(nextTime).lastOffset() < batch.lastOffset()) {
            checkTime();
        }
        // What compaction has emptied is not indexed by time.
        if (batch.recordCount() > 0) {
            latestMillis = Math.max(latestMillis, batch.maxTimestamp());
        }
        while (nextOffset < offsets.size() && offsets.get(nextOffset).position() <= position) {
            var entry = offsets.get(nextOffset);
            if (entry.position() != position || entry.lastOffset() != batch.lastOffset()) {
                findOffset(entry);
            }
            nextOffset++;
        }
    }

    private void checkTime() {
        var entry = times.get(nextTime);
        if (entry.timestampMillis() != latestMillis) {
            ofTimes.add(new Finding(timeFile, (long) nextTime * TIME_ENTRY_BYTES, entry + " is not so in the log"));
        }
        nextTime++;
    }

    private void findOffset(IndexEntry.OfOffset entry) {
        ofOffsets.add(new Finding(offsetFile, (long) nextOffset * OFFSET_ENTRY_BYTES, entry + " is not so in the log"));
    }

    /// What is wrong with the indexes, once all batches have passed.
    List<Finding> finish() {
        while (nextTime < times.size()) {
            checkTime();
        }
        while (nextOffset < offsets.size()) {
            findOffset(offsets.get(nextOffset));
            nextOffset++;
        }
        var all = new ArrayList<>(ofOffsets);
        all.addAll(ofTimes);
        return all;
    }
}
