package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.common.BrokerId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "unregister",
        description = "Forget a broker that is gone for good: stopped, and emptied before by `broker evacuate`.")
final class BrokerUnregisterCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "ID", description = "The broker's node.id.")
    private int id;

    BrokerUnregisterCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            client.admin().unregisterBroker(new BrokerId(Math.max(0, id)));
            output.print(streams.out(), () -> "broker " + id + " is forgotten", () -> {
                var json = new JsonObject();
                json.addProperty("unregistered", id);
                return json;
            });
        }
        return ExitCode.OK;
    }
}
