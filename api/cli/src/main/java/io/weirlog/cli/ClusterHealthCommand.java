package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.HealthProblem;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(
        name = "health",
        description = "Say what is wrong with the cluster; ends with 1 if anything is.",
        exitCodeList = {"0:nothing is wrong", "1:something is wrong, or nobody could be asked", "2:called wrongly"})
final class ClusterHealthCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    ClusterHealthCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var problems = client.admin().checkHealth();
            output.print(streams.out(), () -> text(problems), () -> json(problems));
            return problems.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private static String text(List<HealthProblem> problems) {
        return problems.isEmpty()
                ? "healthy"
                : problems.stream().map(HealthProblem::message).collect(Collectors.joining(System.lineSeparator()));
    }

    private static JsonObject json(List<HealthProblem> problems) {
        var json = new JsonObject();
        json.addProperty("healthy", problems.isEmpty());
        var array = new JsonArray();
        problems.forEach(problem -> {
            var entry = new JsonObject();
            entry.addProperty("kind", problem.kind());
            entry.addProperty("count", problem.count());
            entry.addProperty("message", problem.message());
            array.add(entry);
        });
        json.add("problems", array);
        return json;
    }
}
