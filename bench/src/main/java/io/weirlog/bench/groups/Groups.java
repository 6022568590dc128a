package io.weirlog.bench.groups;

import io.weirlog.bench.Figures;
import io.weirlog.bench.cluster.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Kills and restarts members of a large group, in Weirlog and in Kafka by turns.
@Command(
        name = "bench/groups",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure how soon a group goes on without one of its members, and what moves.")
public final class Groups implements Callable<Integer> {
    static final String KAFKA = "kafka";

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "weirlog,kafka",
            description = "Default: ${DEFAULT-VALUE}.",
            paramLabel = "CONTENDER")
    private List<String> only = List.of();

    @Option(names = "--rounds", defaultValue = "1", description = "Each on fresh clusters; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--kills", defaultValue = "1", description = "Of each kind in a round; default ${DEFAULT-VALUE}.")
    private int kills;

    @Option(names = "--nodes", defaultValue = "1", description = "Nodes, and replicas of each partition; default 1.")
    private int nodes;

    @Option(names = "--members", defaultValue = "50", description = "Default ${DEFAULT-VALUE}.")
    private int members;

    @Option(names = "--partitions", defaultValue = "500", description = "A multiple of the members; default 500.")
    private int partitions;

    @Option(names = "--session-seconds", defaultValue = "10", description = "Members' session timeout; default 10.")
    private int sessionSeconds;

    @Option(
            names = "--stop",
            description = "Stop members (SIGSTOP) instead of killing them: nobody hears that they are gone.")
    private boolean stops;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Groups()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (partitions % members != 0) {
            throw new IllegalArgumentException("--partitions must be a multiple of --members");
        }
        var session = Duration.ofSeconds(sessionSeconds);
        var figures = new Figures(only, KAFKA);
        for (var round = 1; round <= rounds; round++) {
            for (var name : only) {
                System.err.printf("round %d of %d: %s%n", round, rounds, name);
                var folder = Files.createTempDirectory("weirlog-groups");
                try (var cluster = start(name, folder, session)) {
                    var size = new GroupRun.Size(members, partitions, session);
                    var run = new GroupRun(name, cluster, size, folder, figures, stops);
                    run.kills(kills);
                    run.rollingRestart();
                } finally {
                    Folders.delete(folder);
                }
            }
        }
        System.out.printf(
                "%d members, %d partitions, session timeout %d s, %d nodes, %d rounds (lowest–highest, ×: of Kafka's)%n%n",
                members, partitions, sessionSeconds, nodes, rounds);
        figures.print(System.out);
        return CommandLine.ExitCode.OK;
    }

    private Cluster start(String name, Path folder, Duration session) throws Exception {
        return name.equals(KAFKA) ? new KafkaCluster(folder, nodes, session) : new WeirlogCluster(folder, nodes);
    }
}
