package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.cli.conformance.Scenarios;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(name = "list", description = "List the scenarios.")
final class ConformanceListCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final OutputOption output = new OutputOption();

    ConformanceListCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        var scenarios = Scenarios.ofTheKit();
        output.print(
                streams.out(),
                () -> {
                    var table = new TextTable("SCENARIO", "WHAT IS RIGHT");
                    scenarios.forEach(scenario -> table.row(scenario.name(), scenario.about()));
                    return table.toString();
                },
                () -> {
                    var array = new JsonArray();
                    scenarios.forEach(scenario -> {
                        var json = new JsonObject();
                        json.addProperty("scenario", scenario.name());
                        json.addProperty("about", scenario.about());
                        array.add(json);
                    });
                    return array;
                });
        return ExitCode.OK;
    }
}
