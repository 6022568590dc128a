package io.weirlog.log;

import java.io.IOException;
import java.nio.file.Path;

/// `cleaner-offset`: up to where a log was compacted. It lies beside the log, so it is moved and deleted with it, and
/// a damaged one costs one log's cleaning from its start.
///
/// ```
/// 0            version
/// <offset>     first dirty offset
/// ```
final class CleanerOffsetFile {
    private static final String VERSION = "0";

    private CleanerOffsetFile() {}

    static void write(Storage storage, Path directory, long firstDirtyOffset) throws IOException {
        var file = directory.resolve(LogFileNames.CLEANER_OFFSET);
        SmallFiles.replace(storage, file, VERSION + "\n" + firstDirtyOffset + "\n");
    }

    /// 0 if there is no such file or it cannot be what was written: then all of the log counts as dirty.
    static long read(Storage storage, Path directory) throws IOException {
        var lines = SmallFiles.readLines(storage, directory.resolve(LogFileNames.CLEANER_OFFSET));
        return lines.isPresent()
                        && lines.get().size() == 2
                        && lines.get().getFirst().equals(VERSION)
                        && lines.get().get(1).matches("\\d{1,18}")
                ? Long.parseLong(lines.get().get(1))
                : 0;
    }
}
