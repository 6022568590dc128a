package io.weirlog.cli;

import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/// `weirlog controller`: the place where its commands hang.
@Command(
        name = "controller",
        description = "List, add and remove the nodes that keep the metadata.",
        synopsisSubcommandLabel = "COMMAND")
final class ControllerCommand {
    static String names(List<BrokerId> nodes) {
        return nodes.stream().map(BrokerId::toString).collect(Collectors.joining(", "));
    }
}
