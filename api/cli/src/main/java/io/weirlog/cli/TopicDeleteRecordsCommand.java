package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.client.Admin;
import io.weirlog.client.DeletionOutcome;
import io.weirlog.client.PartitionOffset;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.StartAt;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "delete-records",
        description = {
            "Delete a topic's oldest records: shows what goes, and asks.",
            "Ends with 1 if that was not possible for some partition."
        })
final class TopicDeleteRecordsCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The name of the topic.")
    private String name = "";

    @Option(
            names = "--partition",
            paramLabel = "N",
            description = "Only this partition; may be repeated. Default: all partitions.")
    private TreeSet<Integer> partitions = new TreeSet<>();

    @Option(
            names = "--before",
            required = true,
            paramLabel = "OFFSET|high-watermark",
            description = {
                "The first offset that stays. With high-watermark all goes that readers can see when the",
                "command begins."
            })
    private DeleteBefore before = new DeleteBefore(OptionalLong.empty());

    @Option(
            names = {"-y", "--yes"},
            description = "Do not ask.")
    private boolean yes;

    /// @param offset empty: the high watermark
    record DeleteBefore(OptionalLong offset) {}

    /// What is to go: the offsets in [from, before).
    private record Plan(PartitionRef partition, long from, long before) {}

    TopicDeleteRecordsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        try (var client = bootstrap.client()) {
            var plans = plan(client.admin());
            if (!output.json()) {
                streams.out().println(table(plans));
            }
            if (!yes && !Confirmation.ask(streams, "Delete them?")) {
                throw new CommandFailed("nothing was deleted: say yes, or give --yes");
            }
            var offsets = new LinkedHashMap<PartitionRef, Long>();
            plans.forEach(plan -> offsets.put(plan.partition(), plan.before()));
            return tell(client.admin().deleteRecords(offsets));
        }
    }

    /// The offsets are found first: what is deleted is what was shown, whatever is written meanwhile.
    private List<Plan> plan(Admin admin) throws CommandFailed {
        var topic = admin.describeTopic(name);
        for (int partition : partitions) {
            TopicCheck.partition(topic, partition);
        }
        var chosen = (partitions.isEmpty()
                        ? IntStream.range(0, topic.partitions().size())
                        : partitions.stream().mapToInt(Integer::intValue))
                .mapToObj(partition -> new PartitionRef(name, partition))
                .toList();
        var from = admin.listOffsets(chosen, StartAt.earliest());
        var end =
                before.offset().isPresent() ? List.<PartitionOffset>of() : admin.listOffsets(chosen, StartAt.latest());
        return IntStream.range(0, chosen.size())
                .mapToObj(i -> new Plan(
                        chosen.get(i),
                        from.get(i).offset().orElseThrow(),
                        before.offset().orElseGet(() -> end.get(i).offset().orElseThrow())))
                .toList();
    }

    private static String table(List<Plan> plans) {
        var table = new TextTable("PARTITION", "BEGINS AT", "WILL BEGIN AT", "OFFSETS TO DELETE");
        plans.forEach(plan -> {
            var end = Math.max(plan.from(), plan.before());
            table.row(plan.partition(), plan.from(), end, end - plan.from());
        });
        return table.toString();
    }

    private int tell(Map<PartitionRef, DeletionOutcome> outcomes) {
        var json = new JsonArray();
        int code = ExitCode.OK;
        for (var outcome : outcomes.entrySet()) {
            var partition = outcome.getKey();
            switch (outcome.getValue()) {
                case DeletionOutcome.Begins(var logStart) -> {
                    if (!output.json()) {
                        streams.out().println(partition + " begins at " + logStart);
                    }
                    var begins = new JsonObject();
                    begins.addProperty("topic", partition.topic());
                    begins.addProperty("partition", partition.partition());
                    begins.addProperty("log_start_offset", logStart);
                    json.add(begins);
                }
                case DeletionOutcome.Refused(var why) -> {
                    code = ExitCode.SOFTWARE;
                    streams.err()
                            .println("weirlog: " + partition + ": "
                                    + ErrorLines.oneLine(String.valueOf(why.getMessage())));
                }
            }
        }
        if (output.json()) {
            output.print(streams.out(), () -> "", () -> json);
        }
        return code;
    }
}
