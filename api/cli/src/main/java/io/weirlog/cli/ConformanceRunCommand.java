package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.cli.conformance.ClusterUnderTest;
import io.weirlog.cli.conformance.DriverCommand;
import io.weirlog.cli.conformance.Kit;
import io.weirlog.cli.conformance.Outcome;
import io.weirlog.cli.conformance.Scenario;
import io.weirlog.cli.conformance.Scenarios;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "run",
        description = {
            "Play all scenarios with some clients, on a cluster of three nodes that is started for it.",
            "Prints what came of each; ends with 1 if anything failed."
        })
final class ConformanceRunCommand implements Callable<Integer> {
    private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9_+-]{1,40})=(.*)", Pattern.DOTALL);

    private final Streams streams;

    @Spec
    private CommandSpec command = CommandSpec.create(); // Replaced by picocli.

    @Mixin
    private final OutputOption output = new OutputOption();

    @Option(
            names = "--driver",
            required = true,
            paramLabel = "[NAME=]COMMAND",
            description = "A driver, as a command for the shell; several are played at the same time.")
    private List<String> drivers = List.of();

    @Option(names = "--scenario", paramLabel = "NAME", description = "Only this one; may be given several times.")
    private List<String> only = List.of();

    @Option(names = "--scenarios", paramLabel = "DIR", description = "Scenarios of your own instead of the kit's.")
    private Optional<Path> folder = Optional.empty();

    @Option(
            names = "--bootstrap-server",
            paramLabel = "HOST:PORT,...",
            description = {
                "All brokers of a cluster that runs, instead of starting one.",
                "Scenarios that stop nodes are skipped then."
            })
    private Optional<String> addresses = Optional.empty();

    @Option(
            names = "--command-timeout",
            paramLabel = "DURATION",
            description = "How long a driver may take for one command before it is killed; default 20s.")
    private Duration commandTimeout = Duration.ofSeconds(20);

    ConformanceRunCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed, IOException, InterruptedException {
        var commands = commands();
        var scenarios = scenarios();
        Map<String, Map<String, Outcome>> outcomes;
        if (addresses.isPresent()) {
            outcomes = run(new GivenCluster(Arrays.asList(addresses.get().split(",", -1))), commands, scenarios);
        } else {
            try (var data = new TemporaryFolder();
                    var cluster = ServerProcesses.start(data.path())) {
                outcomes = run(cluster, commands, scenarios);
            }
        }
        output.print(streams.out(), () -> ConformanceReport.text(scenarios, outcomes), () -> json(outcomes));
        return ConformanceReport.failures(outcomes) == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private Map<String, Map<String, Outcome>> run(
            ClusterUnderTest cluster, List<DriverCommand> commands, List<Scenario> scenarios)
            throws InterruptedException {
        return new Kit(cluster, commandTimeout).run(commands, scenarios, (driver, scenario, outcome, took) -> {
            if (!output.json() && (streams.terminal() || outcome instanceof Outcome.Failed)) {
                streams.err()
                        .println(ErrorLines.oneLine("%s %s %s (%d ms) %s"
                                .formatted(
                                        driver, scenario.name(), outcome.word(), took.toMillis(), outcome.detail())));
            }
        });
    }

    private List<DriverCommand> commands() {
        List<DriverCommand> commands = new ArrayList<>();
        var names = new LinkedHashSet<String>();
        for (var driver : drivers) {
            var named = NAMED.matcher(driver);
            var one = named.matches()
                    ? new DriverCommand(named.group(1), named.group(2))
                    : new DriverCommand("driver" + (drivers.size() == 1 ? "" : commands.size() + 1), driver);
            if (!names.add(one.name())) {
                throw new ParameterException(command.commandLine(), "--driver: there are two named " + one.name());
            }
            commands.add(one);
        }
        return commands;
    }

    private List<Scenario> scenarios() throws IOException {
        var all = folder.isPresent() ? Scenarios.in(folder.get()) : Scenarios.ofTheKit();
        for (var name : only) {
            if (all.stream().noneMatch(scenario -> scenario.name().equals(name))) {
                throw new ParameterException(
                        command.commandLine(),
                        "--scenario: there is no " + name + "; weirlog conformance list names them");
            }
        }
        return all.stream()
                .filter(scenario -> only.isEmpty() || only.contains(scenario.name()))
                .toList();
    }

    private static JsonObject json(Map<String, Map<String, Outcome>> outcomes) {
        var json = new JsonObject();
        outcomes.forEach((driver, played) -> {
            var column = new JsonObject();
            played.forEach((scenario, outcome) -> {
                var cell = new JsonObject();
                cell.addProperty("outcome", outcome.word());
                cell.addProperty("detail", outcome.detail());
                column.add(scenario, cell);
            });
            json.add(driver, column);
        });
        return json;
    }

    /// One that is not ours to stop.
    private record GivenCluster(List<String> addresses) implements ClusterUnderTest {
        @Override
        public boolean canBeDisturbed() {
            return false;
        }

        @Override
        public void kill(int broker) {
            throw new IllegalStateException("broker " + broker + " is not ours");
        }

        @Override
        public void stop(int broker) {
            kill(broker);
        }

        @Override
        public void start(int broker) {
            kill(broker);
        }

        @Override
        public void restore() {} // Nothing of it was stopped.
    }
}
