package io.weirlog.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// `clean-shutdown`: says that the log was closed properly and where it ended, so that opening it needs no scan.
/// It is deleted before the first write (L4).
///
/// ```
/// 0            version
/// <offset>     log end offset
/// <bytes>      size of the last segment
/// ```
final class CleanShutdownMarker {
    private static final String VERSION = "0";

    private CleanShutdownMarker() {}

    /// Where a log ended.
    record End(long offset, long activeBytes) {}

    static void write(Storage storage, Path directory, End end) throws IOException {
        var file = directory.resolve(LogFileNames.CLEAN_SHUTDOWN);
        SmallFiles.replace(storage, file, VERSION + "\n" + end.offset() + "\n" + end.activeBytes() + "\n");
    }

    /// Empty if there is no marker or none that can be trusted; the log is then scanned.
    ///
    /// @throws LogOpenException if a newer program wrote it
    static Optional<End> read(Storage storage, Path directory) throws IOException {
        var file = directory.resolve(LogFileNames.CLEAN_SHUTDOWN);
        var lines = SmallFiles.readLines(storage, file).orElse(List.of());
        if (!lines.isEmpty() && lines.getFirst().matches("[1-9]\\d{0,8}")) {
            throw new LogOpenException(new LogOpenFailure.UnknownVersion(file, lines.getFirst()));
        }
        if (lines.size() != 3
                || !lines.get(0).equals(VERSION)
                || !lines.get(1).matches("\\d{1,18}")
                || !lines.get(2).matches("\\d{1,18}")) {
            return Optional.empty();
        }
        return Optional.of(new End(Long.parseLong(lines.get(1)), Long.parseLong(lines.get(2))));
    }

    static void delete(Storage storage, Path directory) throws IOException {
        storage.delete(directory.resolve(LogFileNames.CLEAN_SHUTDOWN));
        storage.syncDirectory(directory);
    }
}
