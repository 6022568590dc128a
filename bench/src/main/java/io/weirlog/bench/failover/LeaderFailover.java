package io.weirlog.bench.failover;

import io.weirlog.bench.cluster.Folders;
import io.weirlog.bench.cluster.WeirlogNodes;
import io.weirlog.client.BrokerDescription;
import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// Kills a broker that leads all partitions, again and again. Counted from the kill to the moment at which the other
/// broker shows that it leads them all. The controller, node 1, is a process of its own and lives on.
final class LeaderFailover {
    private static final int FIRST = 2;
    private static final int SECOND = 3;
    private static final int TOPIC_PARTITIONS_MAX = 1_000;
    private static final long STEP_SECONDS_MAX = 300;
    private static final Duration REQUEST_MAX = Duration.ofSeconds(20);

    private final int led;
    private final int runs;

    /// @param led how many partitions the broker leads
    LeaderFailover(int led, int runs) {
        this.led = led;
        this.runs = runs;
    }

    /// The milliseconds of each run.
    List<Double> run() throws IOException, InterruptedException {
        var folder = Files.createTempDirectory("weirlog-failover");
        try (var nodes = new WeirlogNodes(
                folder, List.of("controller", "broker", "broker"), Map.of("auto.leader.rebalance.enable", "false"))) {
            nodes.startAll();
            create(nodes.address(FIRST));
            nodes.terminate(SECOND);
            await(nodes, FIRST, "it leads all", broker -> broker.ledPartitions() == led);
            nodes.start(SECOND);
            awaitWell(nodes, FIRST);
            int leader = FIRST;
            var millis = new ArrayList<Double>();
            for (int run = 1; run <= runs; run++) {
                int heir = FIRST + SECOND - leader;
                millis.add(killed(nodes, leader, heir));
                System.out.printf(
                        Locale.ROOT,
                        "%d: broker %d killed, broker %d leads its %d partitions after %.0f ms%n",
                        run,
                        leader,
                        heir,
                        led,
                        millis.getLast());
                nodes.start(leader);
                awaitWell(nodes, heir);
                leader = heir;
            }
            return millis;
        } finally {
            Folders.delete(folder);
        }
    }

    private void create(String address) {
        try (var client = client(address)) {
            for (int left = led; left > 0; left -= TOPIC_PARTITIONS_MAX) {
                client.admin()
                        .createTopic(new NewTopic("led-" + left, Math.min(left, TOPIC_PARTITIONS_MAX), 2, Map.of()));
            }
        }
    }

    private static WeirlogClient client(String address) {
        return WeirlogClient.builder()
                .bootstrap(address)
                .requestTimeout(REQUEST_MAX)
                .build();
    }

    private double killed(WeirlogNodes nodes, int leader, int heir) throws InterruptedException, IOException {
        try (var client = client(nodes.address(heir))) {
            client.admin().describeCluster(); // The connection is there.
            long begun = System.nanoTime();
            nodes.process(leader).kill();
            await(client, heir, "it leads all", broker -> broker.ledPartitions() == led);
            return (System.nanoTime() - begun) / 1e6;
        }
    }

    /// Until both are in sync everywhere.
    private static void awaitWell(WeirlogNodes nodes, int through) throws InterruptedException, IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STEP_SECONDS_MAX);
        try (var client = client(nodes.address(through))) {
            while (!client.admin().checkHealth().isEmpty()) {
                if (System.nanoTime() > deadline) {
                    throw new IOException(client.admin().checkHealth().toString());
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    private static void await(WeirlogNodes nodes, int broker, String what, Predicate<BrokerDescription> condition)
            throws InterruptedException, IOException {
        try (var client = client(nodes.address(broker))) {
            await(client, broker, what, condition);
        }
    }

    private static void await(WeirlogClient client, int id, String what, Predicate<BrokerDescription> condition)
            throws InterruptedException, IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STEP_SECONDS_MAX);
        while (true) {
            try {
                var broker = client.admin().describeCluster().brokers().stream()
                        .filter(one -> one.id().value() == id)
                        .findFirst();
                if (broker.filter(condition).isPresent()) {
                    return;
                }
            } catch (WeirlogException e) {
                // Not now.
            }
            if (System.nanoTime() > deadline) {
                throw new IOException("broker " + id + ": not true within " + STEP_SECONDS_MAX + " s: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }
}
