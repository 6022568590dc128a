package io.weirlog.bench.failover;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Kills the active controller of a quorum of real processes again and again. Counted from the kill to the moment at
/// which the next one has answered a command: elected, its log applied, and that command committed.
@Command(
        name = "bench/failover",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measure how soon after kill -9 of the active controller, or of a broker, others take over.")
final class Failover implements Callable<Integer> {
    private static final long EVENT_SECONDS_MAX = 60;

    @Option(names = "--runs", defaultValue = "20", description = "How often to kill; default ${DEFAULT-VALUE}.")
    private int runs;

    @Option(names = "--voters", defaultValue = "3", description = "3 or 5; default ${DEFAULT-VALUE}.")
    private int voters;

    @Option(
            names = "--led",
            split = ",",
            paramLabel = "N",
            description = "Instead kill a broker that leads so many partitions, two replicas each, such as 1000,10000.")
    private List<Integer> led = List.of();

    private final LinkedBlockingQueue<VoterProcess.Event> events = new LinkedBlockingQueue<>();
    private final TreeMap<Integer, VoterProcess> processes = new TreeMap<>();

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Failover()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        if (led.isEmpty()) {
            killControllers();
        }
        for (int partitions : led) {
            report(partitions + " partitions", new LeaderFailover(partitions, runs).run());
        }
        return CommandLine.ExitCode.OK;
    }

    private void killControllers() throws Exception {
        var directory = Files.createTempDirectory("weirlog-failover");
        var addresses = IntStream.rangeClosed(1, voters)
                .mapToObj(id -> id + "@localhost:" + freePort())
                .collect(Collectors.joining(","));
        try {
            for (int id = 1; id <= voters; id++) {
                processes.put(id, VoterProcess.start(directory, id, addresses, events));
            }
            int active = awaitAnswer(0).voter();
            var millis = new ArrayList<Double>();
            for (int run = 1; run <= runs; run++) {
                long killed = System.nanoTime();
                Optional.ofNullable(processes.get(active)).orElseThrow().kill();
                var next = awaitAnswer(active);
                millis.add((next.nanos() - killed) / 1e6);
                System.out.printf(
                        Locale.ROOT,
                        "%d: controller %d killed, controller %d answers after %.0f ms%n",
                        run,
                        active,
                        next.voter(),
                        millis.getLast());
                processes.put(active, VoterProcess.start(directory, active, addresses, events));
                awaitFollowing(active);
                active = next.voter();
            }
            report("controllers", millis);
        } finally {
            processes.values().forEach(VoterProcess::kill);
            delete(directory);
        }
    }

    /// The next answer of another voter than `except`.
    private VoterProcess.Event awaitAnswer(int except) throws InterruptedException, IOException {
        while (true) {
            var event = next();
            if (event.kind().equals(Voter.ANSWERED) && event.voter() != except) {
                return event;
            }
        }
    }

    /// So that the next kill finds a full quorum.
    private void awaitFollowing(int voter) throws InterruptedException, IOException {
        while (true) {
            var event = next();
            if (event.voter() == voter && event.kind().equals(Voter.FOLLOWING)) {
                return;
            }
        }
    }

    private VoterProcess.Event next() throws InterruptedException, IOException {
        var event = events.poll(EVENT_SECONDS_MAX, TimeUnit.SECONDS);
        if (event == null) {
            throw new IOException("no voter has said anything for " + EVENT_SECONDS_MAX + " s");
        }
        return event;
    }

    private static void report(String what, List<Double> millis) {
        var sorted = millis.stream().sorted().toList();
        System.out.printf(
                Locale.ROOT,
                "failover of %s over %d kills: min %.0f ms, median %.0f ms, max %.0f ms%n",
                what,
                sorted.size(),
                sorted.getFirst(),
                sorted.get(sorted.size() / 2),
                sorted.getLast());
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
