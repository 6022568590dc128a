package io.weirlog.metadata.ratis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// The files of Ratis' log, `log_FIRST-LAST` and `log_inprogress_FIRST`.
final class LogFiles {
    private static final Pattern SEGMENT = Pattern.compile("log_(?:inprogress_)?(\\d{1,18})(?:-\\d+)?");

    private LogFiles() {}

    /// The index of the first entry in `directory`; empty if it has no log.
    static OptionalLong firstIndex(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> SEGMENT.matcher(String.valueOf(file.getFileName())))
                    .filter(name -> name.matches())
                    .mapToLong(name -> Long.parseLong(name.group(1)))
                    .min();
        }
    }
}
