package io.weirlog.cli;

import com.google.gson.JsonArray;
import io.weirlog.client.TopicListing;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(name = "list", description = "List all topics.")
final class TopicListCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    TopicListCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var topics = client.admin().listTopics();
            output.print(streams.out(), () -> table(topics), () -> {
                var array = new JsonArray();
                topics.forEach(topic -> array.add(TopicJson.of(topic)));
                return array;
            });
        }
        return ExitCode.OK;
    }

    private static String table(List<TopicListing> topics) {
        var table = new TextTable("TOPIC", "PARTITIONS", "REPLICAS", "ID");
        topics.forEach(topic -> table.row(topic.name(), topic.partitions(), topic.replicationFactor(), topic.id()));
        return table.toString();
    }
}
