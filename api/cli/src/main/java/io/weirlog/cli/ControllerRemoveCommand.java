package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "remove", description = "Take the vote of a node, living or gone for good.")
final class ControllerRemoveCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "NODE_ID", description = "The node's number.")
    private int nodeId;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    ControllerRemoveCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (nodeId < 0) {
            throw new IllegalArgumentException("NODE_ID is 0 or more");
        }
        try (var client = bootstrap.client()) {
            var voters = client.controllers().remove(new BrokerId(nodeId));
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
