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

    static boolean isName(String name) {
        return SEGMENT.matcher(name).matches();
    }

    /// The index of the first entry of the file `name`, which is that of a log file.
    static long firstIndexOf(String name) {
        var segment = SEGMENT.matcher(name);
        if (!segment.matches()) {
            throw new IllegalArgumentException(name + " is no file of a Raft log");
        }
        return Long.parseLong(segment.group(1));
    }

    /// The index of the first entry in `directory`; empty if it has no log.
    static OptionalLong firstIndex(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(LogFiles::isName)
                    .mapToLong(LogFiles::firstIndexOf)
                    .min();
        }
    }
}
