package io.weirlog.cli;

import picocli.CommandLine.Command;

/// `weirlog cluster`: only the place where its commands hang.
@Command(
        name = "cluster",
        description = "Show the cluster and its health, upgrade it.",
        synopsisSubcommandLabel = "COMMAND")
final class ClusterCommand {}
