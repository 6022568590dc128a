package io.weirlog.cli;

import picocli.CommandLine.Command;

/// `weirlog metadata`: only the place where its commands hang.
@Command(
        name = "metadata",
        description = "Look into the metadata of a controller, running or not, and mend a torn log.",
        synopsisSubcommandLabel = "COMMAND")
final class MetadataCommand {
    static final String DIRECTORY = "A controller's data folder. The node may run: nothing is written.";
}
