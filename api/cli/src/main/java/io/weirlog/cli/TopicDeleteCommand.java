package io.weirlog.cli;

import com.google.gson.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "delete", description = "Delete a topic with all its records.")
final class TopicDeleteCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the topic.")
    private String name = "";

    TopicDeleteCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            client.admin().deleteTopic(name);
            output.print(streams.out(), () -> "deleted topic " + name, () -> {
                var json = new JsonObject();
                json.addProperty("deleted", name);
                return json;
            });
        }
        return ExitCode.OK;
    }
}
