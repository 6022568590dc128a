package io.weirlog.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/// `log-start-offset`: the first offset that can be read. Written before anything below it is deleted, so that
/// after a crash nothing of it is there again (T1). Absent until something is deleted.
///
/// ```
/// 0            version
/// <offset>     log start offset
/// ```
final class LogStartFile {
    private static final String VERSION = "0";

    private LogStartFile() {}

    static void write(Storage storage, Path directory, long logStartOffset) throws IOException {
        var file = directory.resolve(LogFileNames.LOG_START);
        SmallFiles.replace(storage, file, VERSION + "\n" + logStartOffset + "\n");
    }

    /// Empty if there is no such file or it cannot be what was written: the log then begins with its first segment.
    ///
    /// @throws LogOpenException if a newer program wrote it
    static OptionalLong read(Storage storage, Path directory) throws IOException {
        var file = directory.resolve(LogFileNames.LOG_START);
        var lines = SmallFiles.readLines(storage, file);
        if (lines.isEmpty() || lines.get().size() != 2 || !lines.get().get(1).matches("\\d{1,18}")) {
            return OptionalLong.empty();
        }
        var version = lines.get().getFirst();
        if (version.matches("[1-9]\\d{0,8}")) {
            throw new LogOpenException(new LogOpenFailure.UnknownVersion(file, version));
        }
        return version.equals(VERSION)
                ? OptionalLong.of(Long.parseLong(lines.get().get(1)))
                : OptionalLong.empty();
    }
}
