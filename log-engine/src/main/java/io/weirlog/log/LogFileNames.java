package io.weirlog.log;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// The names in a partition's directory. A segment's files are named after its base offset, in 20 digits.
final class LogFileNames {
    static final String LOG = ".log";
    static final String OFFSET_INDEX = ".index";
    static final String TIME_INDEX = ".timeindex";
    static final String TRANSACTION_INDEX = ".txnindex";
    static final List<String> SEGMENT_SUFFIXES = List.of(LOG, OFFSET_INDEX, TIME_INDEX, TRANSACTION_INDEX);
    /// Of the producers of a log at the offset in its name, which need not be that of a segment.
    static final String SNAPSHOT = ".snapshot";
    static final String EPOCHS = "leader-epoch-checkpoint";
    static final String METADATA = "partition.metadata";
    static final String LOG_START = "log-start-offset";
    static final String SYNCED_OFFSET = "synced-offset";
    static final String CLEAN_SHUTDOWN = "clean-shutdown";
    static final String CLEANER_OFFSET = "cleaner-offset";
    /// Of a file that is not yet in place; whatever is left of it after a crash is worthless.
    static final String TEMPORARY = ".tmp";
    /// Of a segment's file that compaction has not finished; worthless after a crash.
    static final String CLEANED = ".cleaned";
    /// Of a finished segment that takes the place of all that begin within the offsets in its name ([SegmentSwap]).
    static final String SWAP = ".swap";
    /// Of a segment's file that is no longer part of the log.
    static final String DELETED = ".deleted";
    /// Of a directory that is on its way out.
    static final String DELETED_DIRECTORY = "-delete";

    private static final Pattern SEGMENT_FILE =
            Pattern.compile("(\\d{20})(\\.log|\\.index|\\.timeindex|\\.txnindex|\\.snapshot)");

    private static final Pattern SWAP_FILE = Pattern.compile("(\\d{20})-(\\d{20})\\.swap");

    /// Where the segment of a swap file begins, and where the last one that it replaces ended.
    record SwapRange(long baseOffset, long endOffset) {}

    private LogFileNames() {}

    static Path segmentFile(Path directory, long baseOffset, String suffix) {
        return directory.resolve(String.format("%020d", baseOffset) + suffix);
    }

    /// The offset in the name of a segment's file, or a snapshot's, with this suffix; empty for all other names.
    static OptionalLong baseOffset(String name, String suffix) {
        var matcher = SEGMENT_FILE.matcher(name);
        if (!matcher.matches() || !matcher.group(2).equals(suffix)) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(matcher.group(1)));
        } catch (NumberFormatException e) {
            return OptionalLong.empty(); // Twenty digits can be more than a long holds.
        }
    }

    static Path swapFile(Path directory, SwapRange range) {
        return directory.resolve(String.format("%020d-%020d", range.baseOffset(), range.endOffset()) + SWAP);
    }

    /// What the name of a swap file says; empty for all other names.
    static Optional<SwapRange> swapRange(String name) {
        var matcher = SWAP_FILE.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var base = baseOffset(matcher.group(1) + LOG, LOG);
        var end = baseOffset(matcher.group(2) + LOG, LOG);
        return base.isPresent() && end.isPresent() && base.getAsLong() < end.getAsLong()
                ? Optional.of(new SwapRange(base.getAsLong(), end.getAsLong()))
                : Optional.empty();
    }

    /// Whether a file is what an interrupted replacement or deletion has left.
    static boolean isLeftOver(String name) {
        return isOursWith(TEMPORARY, name) || isOursWith(DELETED, name) || isOursWith(CLEANED, name);
    }

    private static boolean isOursWith(String suffix, String name) {
        return name.endsWith(suffix) && isOurs(name.substring(0, name.length() - suffix.length()));
    }

    static boolean isOurs(String name) {
        return baseOffset(name, LOG).isPresent()
                || baseOffset(name, OFFSET_INDEX).isPresent()
                || baseOffset(name, TIME_INDEX).isPresent()
                || baseOffset(name, TRANSACTION_INDEX).isPresent()
                || baseOffset(name, SNAPSHOT).isPresent()
                || name.equals(EPOCHS)
                || name.equals(METADATA)
                || name.equals(LOG_START)
                || name.equals(SYNCED_OFFSET)
                || name.equals(CLEAN_SHUTDOWN)
                || name.equals(CLEANER_OFFSET);
    }
}
