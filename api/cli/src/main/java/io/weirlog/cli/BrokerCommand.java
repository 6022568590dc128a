package io.weirlog.cli;

import picocli.CommandLine.Command;

/// `weirlog broker`: only the place where its commands hang.
@Command(
        name = "broker",
        description = "List, describe, drain and evacuate brokers.",
        synopsisSubcommandLabel = "COMMAND")
final class BrokerCommand {}
