package io.weirlog.log.inspect;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/// Checks the files of a log that are neither batches nor indexes: each by itself, and against where the log ends.
final class SmallFileCheck {
    private static final int SLOT_BYTES = 16;
    private static final int SLOTS = 2;
    private static final int SNAPSHOT_VERSION = 1;
    private static final int SNAPSHOT_CRC_AT = 2;
    private static final int SNAPSHOT_ENTRIES_AT = 6;
    static final int SNAPSHOT_HEADER_BYTES = 10;
    private static final int SNAPSHOT_ENTRY_BYTES = 46;

    private final LogFiles files;
    private final List<Finding> findings;

    /// @param findings receives what is wrong
    SmallFileCheck(LogFiles files, List<Finding> findings) {
        this.files = files;
        this.findings = findings;
    }

    void metadata() throws IOException {
        if (!Files.exists(files.file(LogFiles.METADATA))) {
            find(LogFiles.METADATA, 0, "the file is missing");
        } else if (files.topicId().isEmpty()) {
            find(LogFiles.METADATA, 0, "it is not a version and a topic id");
        }
    }

    /// Which epoch begins at which offset, as far as the file can be read.
    NavigableMap<Long, Integer> epochs() throws IOException {
        var starts = new TreeMap<Long, Integer>();
        if (!Files.exists(files.file(LogFiles.EPOCHS))) {
            return starts;
        }
        var lines = files.lines(LogFiles.EPOCHS);
        if (lines.size() < 2
                || !lines.get(0).equals("0")
                || !lines.get(1).equals(String.valueOf(lines.size() - 2))
                || !lines.stream().skip(2).allMatch(line -> line.matches("\\d{1,9} \\d{1,18}"))) {
            find(LogFiles.EPOCHS, 0, "it is not a version, a count and as many epochs");
            return starts;
        }
        var previous = -1;
        for (var line : lines.subList(2, lines.size())) {
            var epoch = Integer.parseInt(line.substring(0, line.indexOf(' ')));
            var start = Long.parseLong(line.substring(line.indexOf(' ') + 1));
            if (epoch <= previous || (!starts.isEmpty() && start <= starts.lastKey())) {
                find(
                        LogFiles.EPOCHS,
                        0,
                        "epoch " + epoch + " from offset " + start + " does not continue those before");
            }
            previous = epoch;
            starts.put(start, epoch);
        }
        return starts;
    }

    /// Where the log begins; empty if no file says so, and then it begins with its first segment.
    OptionalLong logStart() throws IOException {
        return offsetIn(LogFiles.LOG_START, "an offset", 2);
    }

    void cleanShutdown(long endOffset) throws IOException {
        var marked = offsetIn(LogFiles.CLEAN_SHUTDOWN, "an offset and a size", 3);
        if (marked.isPresent() && marked.getAsLong() != endOffset) {
            find(
                    LogFiles.CLEAN_SHUTDOWN,
                    0,
                    "it says that the log ends at " + marked.getAsLong() + ", it ends at " + endOffset);
        }
    }

    /// The first number of a file that has one on each line, and the version before them.
    private OptionalLong offsetIn(String name, String content, int lineCount) throws IOException {
        if (!Files.exists(files.file(name))) {
            return OptionalLong.empty();
        }
        var lines = files.lines(name);
        if (lines.size() == lineCount
                && lines.get(0).equals("0")
                && lines.stream().skip(1).allMatch(line -> line.matches("\\d{1,18}"))) {
            return OptionalLong.of(Long.parseLong(lines.get(1)));
        }
        find(name, 0, "it is not version 0 and " + content);
        return OptionalLong.empty();
    }

    /// One of the two slots may be torn, both may not.
    void syncedOffset(long endOffset) throws IOException {
        var file = files.file(LogFiles.SYNCED_OFFSET);
        if (!Files.exists(file)) {
            return;
        }
        var bytes = LogFiles.readSmall(file);
        if (bytes.remaining() != SLOTS * SLOT_BYTES) {
            find(
                    LogFiles.SYNCED_OFFSET,
                    Math.min(bytes.remaining(), SLOTS * SLOT_BYTES),
                    "it has " + bytes.remaining() + " bytes, " + SLOTS * SLOT_BYTES + " are expected");
        }
        var largest = -1L;
        var largestAt = 0;
        for (var at = 0; at + SLOT_BYTES <= Math.min(bytes.remaining(), SLOTS * SLOT_BYTES); at += SLOT_BYTES) {
            var crc = new CRC32C();
            crc.update(bytes.slice(at, Long.BYTES));
            if (bytes.getInt(at + Long.BYTES) == (int) crc.getValue() && bytes.getLong(at) > largest) {
                largest = bytes.getLong(at);
                largestAt = at;
            }
        }
        if (largest < 0) {
            find(LogFiles.SYNCED_OFFSET, 0, "neither slot has a right CRC");
        } else if (largest > endOffset) {
            find(
                    LogFiles.SYNCED_OFFSET,
                    largestAt,
                    "everything before offset " + largest + " was durable, the log ends at " + endOffset);
        }
    }

    void snapshots(long endOffset) throws IOException {
        for (var offset : files.offsetsOf(LogFiles.SNAPSHOT)) {
            var file = files.segmentFile(offset, LogFiles.SNAPSHOT);
            snapshotProblem(LogFiles.readSmall(file), offset, endOffset)
                    .ifPresent(finding -> findings.add(new Finding(file, finding.position(), finding.problem())));
        }
    }

    static boolean isSoundSnapshot(ByteBuffer bytes) {
        return snapshotProblem(bytes, 0, 0).isEmpty();
    }

    private record Place(long position, String problem) {}

    private static Optional<Place> snapshotProblem(ByteBuffer bytes, long offset, long endOffset) {
        if (bytes.remaining() < SNAPSHOT_HEADER_BYTES) {
            return Optional.of(new Place(0, "the header is cut off"));
        }
        if (bytes.getShort(0) != SNAPSHOT_VERSION) {
            return Optional.of(new Place(0, "the version is " + bytes.getShort(0)));
        }
        var entries = bytes.getInt(SNAPSHOT_ENTRIES_AT);
        if (SNAPSHOT_HEADER_BYTES + (long) entries * SNAPSHOT_ENTRY_BYTES != bytes.remaining()) {
            return Optional.of(new Place(
                    SNAPSHOT_ENTRIES_AT, entries + " producers do not fit into " + bytes.remaining() + " bytes"));
        }
        var crc = new CRC32C();
        crc.update(bytes.slice(SNAPSHOT_ENTRIES_AT, bytes.remaining() - SNAPSHOT_ENTRIES_AT));
        if (bytes.getInt(SNAPSHOT_CRC_AT) != (int) crc.getValue()) {
            return Optional.of(new Place(SNAPSHOT_CRC_AT, "the CRC is wrong"));
        }
        return offset > endOffset
                ? Optional.of(new Place(0, "it is of offset " + offset + ", the log ends at " + endOffset))
                : Optional.empty();
    }

    private void find(String name, long position, String problem) {
        findings.add(new Finding(files.file(name), position, problem));
    }
}
