package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.ControllerDescription;
import io.weirlog.client.ControllersDescription;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(name = "list", description = "List the controllers, which of them is active, and how far each is.")
final class ControllerListCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    ControllerListCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var controllers = client.controllers().describe();
            output.print(streams.out(), () -> text(controllers), () -> json(controllers));
        }
        return ExitCode.OK;
    }

    private static String text(ControllersDescription all) {
        var table = new TextTable("NODE", "ADDRESS", "ROLE", "LOG END", "LAG", "LAST CONTACT");
        for (var controller : all.controllers()) {
            table.row(
                    controller.node(),
                    controller.address(),
                    role(all, controller),
                    controller
                            .progress()
                            .map(known -> Long.toString(known.matchEnd()))
                            .orElse("-"),
                    controller
                            .progress()
                            .map(known -> Long.toString(known.lagEntries()))
                            .orElse("-"),
                    controller
                            .progress()
                            .map(known -> known.sinceLastContact().toMillis() + " ms")
                            .orElse("-"));
        }
        return "term %d, committed up to %d of %d%n%n%s".formatted(all.term(), all.commitEnd(), all.logEnd(), table);
    }

    private static String role(ControllersDescription all, ControllerDescription controller) {
        if (controller.joining()) {
            return "joining";
        }
        boolean active = all.active().filter(controller.node()::equals).isPresent();
        return active ? "active" : "voter";
    }

    private static JsonObject json(ControllersDescription all) {
        var json = new JsonObject();
        all.active().ifPresent(active -> json.addProperty("active_node_id", active.value()));
        json.addProperty("term", all.term());
        json.addProperty("log_end", all.logEnd());
        json.addProperty("commit_end", all.commitEnd());
        var array = new JsonArray();
        for (var controller : all.controllers()) {
            var one = new JsonObject();
            one.addProperty("node_id", controller.node().value());
            one.addProperty("address", controller.address());
            one.addProperty("role", role(all, controller));
            controller.progress().ifPresent(known -> {
                one.addProperty("match_end", known.matchEnd());
                one.addProperty("lag_entries", known.lagEntries());
                one.addProperty(
                        "since_last_contact_ms", known.sinceLastContact().toMillis());
            });
            array.add(one);
        }
        json.add("controllers", array);
        return json;
    }
}
