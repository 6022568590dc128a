package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "add", description = "Let a node vote that was started to join and waits.")
final class ControllerAddCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "NODE_ID", description = "The node's number.")
    private int nodeId;

    @Option(
            names = "--address",
            required = true,
            paramLabel = "HOST:PORT",
            description = "Where the other controllers reach it: a name that moves with it, and its raft.port.")
    private String address = "";

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    ControllerAddCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (nodeId < 0) {
            throw new IllegalArgumentException("NODE_ID is 0 or more");
        }
        try (var client = bootstrap.client()) {
            var voters = client.controllers().add(new BrokerId(nodeId), address);
            output.print(streams.out(), () -> text(voters), () -> json(voters));
        }
        return ExitCode.OK;
    }

    private static String text(List<BrokerId> voters) {
        return "the controllers are now " + ControllerCommand.names(voters);
    }

    private static JsonObject json(List<BrokerId> voters) {
        var json = new JsonObject();
        var array = new JsonArray();
        voters.forEach(voter -> array.add(voter.value()));
        json.add("voter_node_ids", array);
        return json;
    }
}
