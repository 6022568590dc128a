package io.weirlog.cli;

import io.weirlog.client.TopicDescription;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "alter", description = "Change a topic's configs, or give it more partitions.")
final class TopicAlterCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the topic.")
    private String name = "";

    @Option(
            names = {"-c", "--config"},
            paramLabel = "KEY=VALUE",
            description = "A config to set, such as retention.ms=3600000; may be repeated.")
    private Map<String, String> configs = new TreeMap<>();

    @Option(
            names = "--delete-config",
            paramLabel = "KEY",
            description = "A config to put back to its default; may be repeated.")
    private Set<String> deleted = new TreeSet<>();

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "N",
            description = "How many partitions it is to have: more than now.")
    private Optional<Integer> partitions = Optional.empty();

    TopicAlterCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        boolean configure = !configs.isEmpty() || !deleted.isEmpty();
        if (!configure && partitions.isEmpty()) {
            throw new CommandFailed("nothing to change: give -c, --delete-config or -p");
        }
        try (var client = bootstrap.client()) {
            var altered = Optional.<TopicDescription>empty();
            if (configure) {
                altered = Optional.of(client.admin().alterTopic(name, configs, deleted));
            }
            if (partitions.isPresent()) {
                altered = Optional.of(client.admin().createPartitions(name, partitions.get()));
            }
            var topic = altered.orElseThrow();
            output.print(
                    streams.out(),
                    () -> "altered topic " + topic.name() + ", with "
                            + Quantities.count(topic.partitions().size(), "partition"),
                    () -> TopicJson.of(topic));
        }
        return ExitCode.OK;
    }
}
