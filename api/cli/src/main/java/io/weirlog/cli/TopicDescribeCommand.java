package io.weirlog.cli;

import io.weirlog.client.PartitionDescription;
import io.weirlog.client.TopicDescription;
import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "describe", description = "Show a topic's partitions and configs.")
final class TopicDescribeCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the topic.")
    private String name = "";

    TopicDescribeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        try (var client = bootstrap.client()) {
            var topic = client.admin().describeTopic(name);
            output.print(streams.out(), () -> text(topic), () -> TopicJson.of(topic));
        }
        return ExitCode.OK;
    }

    private static String text(TopicDescription topic) {
        var partitions = new TextTable("PARTITION", "LEADER", "EPOCH", "REPLICAS", "IN SYNC", "START", "END", "BYTES");
        topic.partitions()
                .forEach(partition -> partitions.row(
                        partition.partition(),
                        partition
                                .leader()
                                .map(leader -> leader.broker().toString())
                                .orElse("-"),
                        partition.leaderEpoch(),
                        replicas(partition),
                        brokers(partition.inSyncReplicas()),
                        number(partition.logStartOffset()),
                        number(partition.highWatermark()),
                        number(partition.sizeBytes())));
        var configs = new TextTable("CONFIG", "VALUE", "SET");
        topic.configs()
                .forEach(config ->
                        configs.row(config.key(), config.value(), config.overridden() ? "on the topic" : "by default"));
        return String.join(
                System.lineSeparator(),
                "topic " + topic.name() + ", id " + topic.id(),
                "",
                partitions.toString(),
                "",
                configs.toString());
    }

    /// With `+` before those that are being added and `-` before those that go.
    private static String replicas(PartitionDescription partition) {
        return partition.replicas().stream()
                .map(replica -> partition.addingReplicas().contains(replica)
                        ? "+" + replica
                        : partition.removingReplicas().contains(replica) ? "-" + replica : replica.toString())
                .collect(Collectors.joining(","));
    }

    private static String brokers(List<BrokerId> brokers) {
        return brokers.stream().map(BrokerId::toString).collect(Collectors.joining(","));
    }

    private static String number(OptionalLong value) {
        return value.isPresent() ? Long.toString(value.getAsLong()) : "-";
    }
}
