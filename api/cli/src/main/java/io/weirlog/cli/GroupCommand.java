package io.weirlog.cli;

import picocli.CommandLine.Command;

/// `weirlog group`: only the place where its commands hang.
@Command(
        name = "group",
        description = "List, describe, seek and delete consumer groups.",
        synopsisSubcommandLabel = "COMMAND")
final class GroupCommand {}
