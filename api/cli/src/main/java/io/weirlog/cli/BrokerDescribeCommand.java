package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.BrokerDescription;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.StopCheck;
import io.weirlog.common.BrokerId;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "describe", description = "Show a broker, and whether it could be stopped now.")
final class BrokerDescribeCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "ID", description = "The broker's node.id.")
    private int id;

    BrokerDescribeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        try (var client = bootstrap.client()) {
            var check = client.admin().checkStop(new BrokerId(Math.max(0, id)));
            var broker = client.admin().describeCluster().brokers().stream()
                    .filter(one -> one.id().value() == id)
                    .findFirst()
                    .orElseThrow(() -> new CommandFailed("there is no broker " + id));
            output.print(streams.out(), () -> text(broker, check), () -> json(broker, check));
        }
        return ExitCode.OK;
    }

    private static String text(BrokerDescription broker, StopCheck check) {
        return Brokers.table(List.of(broker)) + System.lineSeparator() + System.lineSeparator() + verdict(check);
    }

    static String verdict(StopCheck check) {
        if (check.safe()) {
            return "it can be stopped now";
        }
        var lines = new StringBuilder("it should not be stopped now:");
        named(lines, "nobody else could lead ", check.unavailable());
        named(lines, "too few replicas would be in sync of ", check.underMinInSync());
        return lines.toString();
    }

    private static void named(StringBuilder lines, String what, List<PartitionRef> partitions) {
        if (!partitions.isEmpty()) {
            lines.append(System.lineSeparator())
                    .append("  ")
                    .append(what)
                    .append(partitions.stream().map(PartitionRef::toString).collect(Collectors.joining(", ")));
        }
    }

    private static JsonObject json(BrokerDescription broker, StopCheck check) {
        var json = Brokers.json(broker);
        json.addProperty("can_stop", check.safe());
        json.add("unavailable", array(check.unavailable()));
        json.add("under_min_in_sync", array(check.underMinInSync()));
        json.addProperty("leaderships_to_move", check.leadershipsToMove());
        return json;
    }

    private static JsonArray array(List<PartitionRef> partitions) {
        var array = new JsonArray();
        partitions.forEach(partition -> array.add(partition.toString()));
        return array;
    }
}
