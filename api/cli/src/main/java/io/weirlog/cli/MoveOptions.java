package io.weirlog.cli;

import java.time.Duration;
import picocli.CommandLine.Option;

/// How the commands that move partitions go about it.
final class MoveOptions {
    @Option(
            names = {"-y", "--yes"},
            description = "Do not ask.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Only show the plan.")
    private boolean dryRun;

    @Option(names = "--no-wait", description = "Start the moves and leave.")
    private boolean noWait;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            description = "How long to watch; the moves go on afterwards. Default: until they are through.")
    private Duration timeout = Duration.ofDays(365);

    boolean yes() {
        return yes;
    }

    boolean dryRun() {
        return dryRun;
    }

    boolean waits() {
        return !noWait;
    }

    Duration timeout() {
        return timeout;
    }
}
