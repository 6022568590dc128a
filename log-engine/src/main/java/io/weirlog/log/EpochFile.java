package io.weirlog.log;

import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `leader-epoch-checkpoint` in Kafka's layout, one line each:
///
/// ```
/// 0                  version
/// <n>                number of entries
/// <epoch> <start>    n times
/// ```
final class EpochFile {
    private static final String VERSION = "0";

    private EpochFile() {}

    static void write(Storage storage, Path directory, EpochHistory history) throws IOException {
        SmallFiles.replace(storage, directory.resolve(LogFileNames.EPOCHS), content(history));
    }

    static String content(EpochHistory history) {
        var text = new StringBuilder(VERSION + "\n" + history.entries().size() + "\n");
        history.entries().forEach(entry -> text.append(entry.epoch() + " " + entry.start() + "\n"));
        return text.toString();
    }

    /// Empty if there is no such file or it cannot be what was written: the history is then built from the batches.
    ///
    /// @throws LogOpenException if a newer program wrote it
    static Optional<EpochHistory> read(Storage storage, Path directory) throws IOException {
        var file = directory.resolve(LogFileNames.EPOCHS);
        var lines = SmallFiles.readLines(storage, file);
        if (lines.isEmpty() || lines.get().isEmpty()) {
            return Optional.empty();
        }
        var version = lines.get().getFirst();
        if (version.matches("[1-9]\\d{0,8}")) {
            throw new LogOpenException(new LogOpenFailure.UnknownVersion(file, version));
        }
        return version.equals(VERSION) ? parse(lines.get()) : Optional.empty();
    }

    private static Optional<EpochHistory> parse(List<String> lines) {
        try {
            var count = Integer.parseInt(lines.get(1));
            if (count != lines.size() - 2) {
                return Optional.empty();
            }
            var entries = new ArrayList<EpochHistory.Entry>(count);
            for (var line : lines.subList(2, lines.size())) {
                var space = line.indexOf(' ');
                entries.add(new EpochHistory.Entry(
                        new LeaderEpoch(Integer.parseInt(line.substring(0, space))),
                        new Offset(Long.parseLong(line.substring(space + 1)))));
            }
            return Optional.of(new EpochHistory(entries));
        } catch (NumberFormatException | IndexOutOfBoundsException | InvariantViolation e) {
            return Optional.empty();
        }
    }
}
