package io.weirlog.cli;

import picocli.CommandLine.Command;

/// `weirlog broker`: only the place where its commands hang.
@Command(name = "broker", description = "List, describe and drain brokers.", synopsisSubcommandLabel = "COMMAND")
final class BrokerCommand {}
