package io.weirlog.cli;

import io.weirlog.client.NewTopic;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "create", description = "Create a topic.")
final class TopicCreateCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the topic.")
    private String name = "";

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "N",
            description = "Into how many partitions its records are divided; default 1.")
    private Optional<Integer> partitions = Optional.empty();

    @Option(
            names = {"-r", "--replication-factor"},
            paramLabel = "N",
            description = "How many brokers hold each partition; default 3, or as many as there are.")
    private Optional<Integer> replicationFactor = Optional.empty();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "KEY=VALUE",
            description = "A config such as retention.ms=3600000; may be repeated.")
    private Map<String, String> configs = new TreeMap<>();

    TopicCreateCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var topic = client.admin()
                    .createTopic(new NewTopic(name, optionalInt(partitions), optionalInt(replicationFactor), configs));
            output.print(
                    streams.out(),
                    () -> "created topic " + topic.name() + " with "
                            + Quantities.count(topic.partitions().size(), "partition"),
                    () -> TopicJson.of(topic));
        }
        return ExitCode.OK;
    }

    private static OptionalInt optionalInt(Optional<Integer> given) {
        return given.map(OptionalInt::of).orElse(OptionalInt.empty());
    }
}
