package io.weirlog.cli;

import picocli.CommandLine.Command;

/// `weirlog topic`: only the place where its commands hang.
@Command(
        name = "topic",
        description = "Create, list, describe, alter, move, empty and delete topics, and elect leaders.",
        synopsisSubcommandLabel = "COMMAND")
final class TopicCommand {}
