package io.weirlog.cli;

import io.weirlog.log.inspect.LogFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;

/// `weirlog log`: only the place where its commands hang.
@Command(
        name = "log",
        description = "Look into the files of partitions that no node has open.",
        synopsisSubcommandLabel = "COMMAND")
final class LogCommand {
    static final String DIRECTORY = "A partition's directory, or a folder of such directories.";

    /// @throws CommandFailed if there is no log
    static List<LogFiles> find(Path directory) throws IOException, CommandFailed {
        var logs = LogFiles.find(directory);
        if (logs.isEmpty()) {
            throw new CommandFailed("no partition's log in " + directory);
        }
        return logs;
    }
}
