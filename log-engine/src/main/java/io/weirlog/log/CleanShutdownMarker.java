package io.weirlog.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/// `clean-shutdown`: says that the log was closed properly and where it ended, so that opening it needs no scan.
/// It is deleted before the first write (L4).
///
/// ```
/// 0            version
/// <offset>     log end offset
/// ```
final class CleanShutdownMarker {
    private static final String VERSION = "0";

    private CleanShutdownMarker() {}

    static void write(Storage storage, Path directory, long logEndOffset) throws IOException {
        var file = directory.resolve(LogFileNames.CLEAN_SHUTDOWN);
        SmallFiles.replace(storage, file, VERSION + "\n" + logEndOffset + "\n");
    }

    /// Empty if there is no marker or none that can be trusted; the log is then scanned.
    static OptionalLong read(Storage storage, Path directory) throws IOException {
        var lines = SmallFiles.readLines(storage, directory.resolve(LogFileNames.CLEAN_SHUTDOWN));
        if (lines.isEmpty()
                || lines.get().size() != 2
                || !lines.get().get(0).equals(VERSION)
                || !lines.get().get(1).matches("\\d{1,18}")) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Long.parseLong(lines.get().get(1)));
    }

    static void delete(Storage storage, Path directory) throws IOException {
        storage.delete(directory.resolve(LogFileNames.CLEAN_SHUTDOWN));
        storage.syncDirectory(directory);
    }
}
