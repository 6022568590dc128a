package io.weirlog.deploy.cluster;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.Controllers;
import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.deploy.Repository;
import io.weirlog.deploy.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Three processes on three hosts keep the metadata, which change all the time through each of them, while one
/// controller is cut off, stands still, or finds the end of its log torn. At the end all that was acknowledged is true
/// on each node, and all have the same metadata.
@Timeout(240)
class QuorumFaultsTest {
    private static final int NODES = 3;
    private static final String WATCHED = "watched";
    private static final Duration SESSION = Duration.ofSeconds(2);
    private static final Pattern FENCED = Pattern.compile("command=FenceBroker .*brokerId=(\\d+)");
    private static final int ACKS_MIN = 5;

    private final Map<Integer, Integer> fencingsExpected = new TreeMap<>();

    @TempDir
    private Path folder;

    @FunctionalInterface
    private interface Step {
        void run(int node) throws InterruptedException;
    }

    @Test
    void whatWasAcknowledgedIsTrueOnEachNode() throws Exception {
        Repository.needs("root, for network namespaces", Namespaces.available());
        var settings = List.of("broker.session.timeout.ms=" + SESSION.toMillis(), "http.port=off");
        try (var hosts = Namespaces.create(NODES);
                var servers = new ServerProcesses(folder, NODES, hosts::address, hosts::prefix, settings);
                var workload = new MetadataWorkload(WATCHED, addresses(servers))) {
            servers.startAll();
            try (var client = WeirlogClient.connect(servers.address(1))) {
                client.admin().createTopic(new NewTopic(WATCHED, 6, NODES, Map.of()));
            }
            workload.start();
            int follower = active(servers) % NODES + 1;
            var cut = SESSION.plusSeconds(2);
            struck(servers, workload, follower, cut, hosts::unplug, hosts::plug);
            struck(servers, workload, active(servers), cut, hosts::unplug, hosts::plug);
            var still = SESSION.multipliedBy(3);
            struck(servers, workload, active(servers), still, servers::pause, servers::resume);
            tornEnd(servers, active(servers) % NODES + 1);
            workload.finish();
            for (var address : servers.addresses()) {
                await(
                        () -> workload.anomaliesAt(address).toString(),
                        () -> workload.anomaliesAt(address).isEmpty());
            }
            compareMetadata(servers);
            servers.stopAll();
        }
    }

    private static Map<Integer, String> addresses(ServerProcesses servers) {
        return IntStream.rangeClosed(1, NODES).boxed().collect(Collectors.toMap(node -> node, servers::address));
    }

    /// A fault hits one node for a while. The others go on, and take that node out of service but no other one.
    private void struck(
            ServerProcesses servers, MetadataWorkload workload, int node, Duration lasts, Step begin, Step end)
            throws InterruptedException {
        awaitAllInService(servers);
        var acknowledgedBefore = workload.acknowledged();
        begin.run(node);
        TimeUnit.NANOSECONDS.sleep(lasts.toNanos());
        await(
                "the others go on without node " + node,
                () -> others(node).stream()
                        .allMatch(other ->
                                count(workload.acknowledged(), other) >= count(acknowledgedBefore, other) + ACKS_MIN));
        end.run(node);
        awaitAllInService(servers);
        fencingsExpected.merge(node, 1, Integer::sum);
        assertEquals(fencingsExpected, fencings(servers, node));
    }

    private static int count(Map<Integer, Integer> counts, int node) {
        return counts.getOrDefault(node, 0);
    }

    /// By the log: how often each broker was taken out of service so far.
    private static Map<Integer, Integer> fencings(ServerProcesses servers, int node) throws InterruptedException {
        var counts = new TreeMap<Integer, Integer>();
        var log = servers.dataDir(others(node).getFirst()).toString();
        try (var dump = Run.weirlog("metadata", "dump", log)) {
            for (var line : dump.success()) {
                var matcher = FENCED.matcher(line);
                if (matcher.find()) {
                    counts.merge(Integer.valueOf(matcher.group(1)), 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    /// The node was killed while it wrote its log, refuses to start with it, and is replaced as the guide says.
    private static void tornEnd(ServerProcesses servers, int node) throws Exception {
        servers.run(node).kill();
        tearLastEntry(servers.dataDir(node));
        var refused = servers.launch(node);
        assertNotEquals(0, refused.exitCode(), refused::output);
        var remedy = "remove the voter, move its metadata folder away and add it again";
        assertTrue(refused.output().contains(remedy), refused::output);

        var bootstrap = servers.address(others(node).getFirst());
        var id = Integer.toString(node);
        try (var removal = Run.weirlog("controller", "remove", id, "-b", bootstrap)) {
            removal.success();
        }
        Files.move(
                servers.dataDir(node).resolve("metadata"), servers.dataDir(node).resolve("metadata.damaged"));
        var joining = servers.launchJoining(node);
        joining.line(line -> line.contains("waiting to be added to the controllers"));
        var raft = servers.host(node) + ":7173";
        try (var addition = Run.weirlog("controller", "add", id, "--address", raft, "-b", bootstrap)) {
            addition.success();
        }
        servers.awaitReady(node);
        awaitAllInService(servers);
    }

    /// What was written last reaches the disk in part: its end is still zeros.
    private static void tearLastEntry(Path dataDir) throws IOException {
        Path log;
        try (var files = Files.walk(dataDir.resolve("metadata"))) {
            log = files.filter(file -> String.valueOf(file.getFileName()).startsWith("log_inprogress"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(log);
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        Arrays.fill(bytes, end - 6, end, (byte) 0);
        Files.write(log, bytes);
    }

    private static List<Integer> others(int node) {
        return IntStream.rangeClosed(1, NODES)
                .filter(other -> other != node)
                .boxed()
                .toList();
    }

    private static int active(ServerProcesses servers) throws InterruptedException {
        var found = new ArrayList<Integer>();
        await("an active controller", () -> {
            var active = ask(
                    servers.addresses(),
                    client -> client.controllers().describe().active());
            active.flatMap(id -> id).ifPresent(id -> found.add(id.value()));
            return !found.isEmpty();
        });
        return found.getFirst();
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask(WeirlogClient client);
    }

    private static <T> Optional<T> ask(List<String> addresses, Question<T> question) {
        try (var client = WeirlogClient.builder()
                .bootstrap(addresses)
                .requestTimeout(Duration.ofSeconds(2))
                .build()) {
            return Optional.of(question.ask(client));
        } catch (WeirlogException e) {
            return Optional.empty();
        }
    }

    /// Each node says so of all.
    private static void awaitAllInService(ServerProcesses servers) throws InterruptedException {
        for (var address : servers.addresses()) {
            await(
                    "all brokers are in service, says " + address,
                    () -> ask(List.of(address), client -> client.admin().describeCluster())
                            .filter(cluster -> cluster.brokers().size() == NODES)
                            .filter(cluster -> cluster.brokers().stream().noneMatch(broker -> broker.fenced()))
                            .isPresent());
        }
    }

    /// The same index, the same hash: by what the nodes say, and by what is on their disks.
    private static void compareMetadata(ServerProcesses servers) throws InterruptedException {
        var hashes = new ArrayList<Controllers.MetadataHash>();
        await(() -> "all nodes are at the same index: " + hashes, () -> {
            hashes.clear();
            servers.addresses()
                    .forEach(address -> ask(
                                    List.of(address),
                                    client -> client.controllers().hash())
                            .ifPresent(hashes::add));
            return hashes.size() == NODES
                    && hashes.stream()
                                    .map(Controllers.MetadataHash::index)
                                    .distinct()
                                    .count()
                            == 1;
        });
        var expected = hashes.getFirst().index() + " " + hashes.getFirst().hash();
        for (var hash : hashes) {
            assertEquals(expected, hash.index() + " " + hash.hash());
        }
        for (var node = 1; node <= NODES; node++) {
            var at = Long.toString(hashes.getFirst().index());
            var directory = servers.dataDir(node).toString();
            try (var offline = Run.weirlog("metadata", "hash", directory, "--at", at)) {
                assertEquals(List.of(expected), offline.success());
            }
        }
    }
}
