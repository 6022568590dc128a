package io.weirlog.cli;

import com.google.gson.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "delete", description = "Delete a group without members, with its committed offsets: asks first.")
final class GroupDeleteCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the group.")
    private String name = "";

    @Option(
            names = {"-y", "--yes"},
            description = "Do not ask.")
    private boolean yes;

    GroupDeleteCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        try (var client = bootstrap.client()) {
            if (!yes && !Confirmation.ask(streams, "Delete group " + name + " and its committed offsets?")) {
                throw new CommandFailed("nothing was deleted: say yes, or give --yes");
            }
            client.groups().delete(name);
            output.print(streams.out(), () -> "deleted group " + name, () -> {
                var json = new JsonObject();
                json.addProperty("deleted", name);
                return json;
            });
        }
        return ExitCode.OK;
    }
}
