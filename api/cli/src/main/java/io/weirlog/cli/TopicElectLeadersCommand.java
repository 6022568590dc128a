package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.client.Admin;
import io.weirlog.client.ElectedPartition;
import io.weirlog.client.ElectedPartition.Outcome;
import io.weirlog.client.LeaderElection;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.TopicListing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "elect-leaders",
        description = {
            "Give leaderships back to the preferred leaders, the first replica of each partition.",
            "Ends with 1 if that was not possible for some partition."
        })
final class TopicElectLeadersCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Parameters(arity = "0..*", paramLabel = "NAME", description = "The topics; all if none is named.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--partition", paramLabel = "N", description = "Only this partition; may be repeated.")
    private TreeSet<Integer> partitions = new TreeSet<>();

    @Option(
            names = "--unclean",
            description = {
                "Elect for partitions that nobody may lead a replica that is there, whatever it lacks.",
                "Acknowledged records may be lost; the topics must be named."
            })
    private boolean unclean;

    TopicElectLeadersCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        if (names.isEmpty() && (unclean || !partitions.isEmpty())) {
            throw new CommandFailed((unclean ? "--unclean" : "--partition") + " needs the names of topics");
        }
        try (var client = bootstrap.client()) {
            var kind = unclean ? LeaderElection.UNCLEAN : LeaderElection.PREFERRED;
            var results = client.admin().electLeaders(kind, chosen(client.admin()));
            results.forEach(this::print);
            return results.stream().allMatch(result -> isFine(result.outcome())) ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private List<PartitionRef> chosen(Admin admin) {
        var topics = names.isEmpty()
                ? admin.listTopics().stream().map(TopicListing::name).toList()
                : names;
        return topics.stream()
                .flatMap(topic -> partitions.isEmpty()
                        ? IntStream.range(
                                        0,
                                        admin.describeTopic(topic).partitions().size())
                                .mapToObj(partition -> new PartitionRef(topic, partition))
                        : partitions.stream().map(partition -> new PartitionRef(topic, partition)))
                .toList();
    }

    private static boolean isFine(Outcome outcome) {
        return outcome == Outcome.ELECTED || outcome == Outcome.LEADS_ALREADY;
    }

    private void print(ElectedPartition result) {
        var outcome = result.outcome().name().toLowerCase(Locale.ROOT);
        output.print(streams.out(), () -> result.partition() + " " + outcome.replace('_', ' '), () -> {
            var json = new JsonObject();
            json.addProperty("topic", result.partition().topic());
            json.addProperty("partition", result.partition().partition());
            json.addProperty("outcome", outcome);
            return json;
        });
    }
}
