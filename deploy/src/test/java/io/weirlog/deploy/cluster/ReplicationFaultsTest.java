package io.weirlog.deploy.cluster;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import io.weirlog.deploy.history.HistoryChecker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three processes on three hosts, one of which is always in trouble, while clients write with acks=all and read. At
/// the
/// end nothing that was acknowledged is lost, nothing is in another order or there twice, and the replicas are the same
/// byte for byte.
class ReplicationFaultsTest {
    private static final String TOPIC = "events";
    private static final int PARTITIONS = 3;
    private static final int NODES = 3;

    @TempDir
    private Path folder;

    @FunctionalInterface
    private interface Step {
        void run(int node) throws InterruptedException;
    }

    /// A fault that hits a node for a while.
    private record Fault(String name, Duration lasts, Step begin, Step end) {}

    @Test
    void nothingAcknowledgedIsLost() throws Exception {
        Repository.needs("root, for network namespaces", Namespaces.available());
        try (var hosts = Namespaces.create(NODES);
                var servers = new ServerProcesses(folder, NODES, hosts::address, hosts::prefix, List.of());
                var workload = new Workload(TOPIC, PARTITIONS, servers.addresses())) {
            servers.startAll();
            create(servers);
            workload.start();
            awaitAcks(workload, 50);
            var gaps = new LinkedHashMap<String, Long>();
            for (var fault : faults(hosts, servers)) {
                for (var node = 1; node <= NODES; node++) {
                    workload.takeLongestGapMillis();
                    fault.begin().run(node);
                    TimeUnit.NANOSECONDS.sleep(fault.lasts().toNanos());
                    gaps.merge(fault.name(), workload.takeLongestGapMillis(), Math::max);
                    fault.end().run(node);
                    awaitInSync(servers);
                }
            }
            System.out.println("longest time without an acknowledgement by fault, ms: " + gaps);
            workload.finish();
            var anomalies = HistoryChecker.check(workload.history().entries(), 1_000);
            assertEquals(List.of(), anomalies);
            servers.stopAll();
            compareReplicas(servers);
        }
    }

    private static List<Fault> faults(Namespaces hosts, ServerProcesses servers) {
        return List.of(
                new Fault(
                        "kill -9",
                        Duration.ofSeconds(3),
                        node -> servers.run(node).kill(),
                        servers::start),
                new Fault(
                        "SIGSTOP",
                        Duration.ofSeconds(6),
                        node -> servers.run(node).pause(),
                        node -> servers.run(node).resume()),
                new Fault("unplugged", Duration.ofSeconds(6), hosts::unplug, hosts::plug),
                new Fault(
                        "hears nobody",
                        Duration.ofSeconds(6),
                        node -> others(node).forEach(other -> hosts.cut(other, node)),
                        node -> others(node).forEach(other -> hosts.heal(other, node))),
                new Fault(
                        "two do not see each other",
                        Duration.ofSeconds(6),
                        node -> {
                            hosts.cut(node, node % NODES + 1);
                            hosts.cut(node % NODES + 1, node);
                        },
                        node -> {
                            hosts.heal(node, node % NODES + 1);
                            hosts.heal(node % NODES + 1, node);
                        }));
    }

    private static List<Integer> others(int node) {
        return List.of(1, 2, 3).stream().filter(other -> other != node).toList();
    }

    private static void create(ServerProcesses servers) {
        try (var client = WeirlogClient.connect(servers.address(1))) {
            client.admin().createTopic(new NewTopic(TOPIC, PARTITIONS, NODES, Map.of("min.insync.replicas", "2")));
        }
    }

    private static void awaitAcks(Workload workload, int acks) throws InterruptedException {
        await("the writers write", () -> workload.history().acks() >= acks);
    }

    private static void awaitInSync(ServerProcesses servers) throws InterruptedException {
        await("all replicas are in sync again", () -> {
            try (var client = WeirlogClient.builder()
                    .bootstrap(servers.addresses())
                    .requestTimeout(Duration.ofSeconds(3))
                    .build()) {
                return client.admin().describeTopic(TOPIC).partitions().stream()
                        .allMatch(partition -> partition.inSyncReplicas().size() == NODES
                                && partition.leader().isPresent());
            } catch (WeirlogException e) {
                return false;
            }
        });
    }

    private static void compareReplicas(ServerProcesses servers) throws InterruptedException {
        for (var partition = 0; partition < PARTITIONS; partition++) {
            var directory = "partitions/" + TOPIC + "-" + partition;
            for (var node = 2; node <= NODES; node++) {
                try (var verify = Run.weirlog(
                        "log",
                        "verify",
                        servers.dataDir(1).resolve(directory).toString(),
                        "--compare",
                        servers.dataDir(node).resolve(directory).toString())) {
                    verify.success();
                }
            }
        }
    }
}
