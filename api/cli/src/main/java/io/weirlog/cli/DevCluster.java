package io.weirlog.cli;

import io.weirlog.server.NodeStartException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/// What the nodes of `weirlog dev --nodes N` must agree on: the cluster's id and their ports. Both are kept in the data
/// folder, since the quorum's log names its voters by their ports.
///
/// ```
/// <data>/dev-cluster.properties   cluster.id, node.1=CLIENT,INTERNAL,RAFT, node.2=...
/// <data>/node-1/ ...              each node's own data folder
/// ```
///
/// @param ports of node 1, 2 and so on
record DevCluster(Path folder, String clusterId, List<Ports> ports) {
    private static final String FILE = "dev-cluster.properties";
    private static final int NODE_PORTS_APART = 100;
    private static final int ANY_PORT_MIN = 12_000;
    private static final int ANY_PORT_MAX = 30_000;

    record Ports(int client, int internal, int raft) {}

    /// The cluster in the folder, or a new one.
    ///
    /// @param clientPort that node 1 of a new cluster should have; 0 for any free ports on all nodes
    static DevCluster open(Path folder, int nodes, int clientPort) throws NodeStartException {
        var file = folder.resolve(FILE);
        try {
            if (!Files.exists(file)) {
                if (Files.exists(folder.resolve("node.properties"))) {
                    throw new NodeStartException("data folder " + folder
                            + " holds a cluster of 1 node: run it without --nodes, or give another --data-dir");
                }
                var cluster = new DevCluster(folder, UUID.randomUUID().toString(), choose(nodes, clientPort));
                cluster.save(file);
                return cluster;
            }
            var cluster = load(folder, file);
            if (cluster.ports.size() != nodes) {
                throw new NodeStartException("data folder " + folder + " holds a cluster of " + cluster.ports.size()
                        + " nodes: give --nodes " + cluster.ports.size() + ", or another --data-dir");
            }
            return cluster;
        } catch (IOException | IllegalArgumentException e) {
            throw new NodeStartException("cannot use " + file + ": " + e, e);
        }
    }

    /// `controller.quorum` of all nodes.
    String quorum() {
        List<String> voters = new ArrayList<>();
        for (int node = 1; node <= ports.size(); node++) {
            var own = ports.get(node - 1);
            voters.add(node + "@127.0.0.1:" + own.raft() + ":" + own.internal());
        }
        return String.join(",", voters);
    }

    private static List<Ports> choose(int nodes, int clientPort) throws IOException {
        List<Ports> chosen = new ArrayList<>();
        Set<Integer> taken = new HashSet<>();
        // Any port: not one that the system gives to outgoing connections, as such a port could be in use by the time
        // that the node listens.
        int first = clientPort == 0 ? ThreadLocalRandom.current().nextInt(ANY_PORT_MIN, ANY_PORT_MAX) : clientPort;
        for (int node = 0; node < nodes; node++) {
            int base = first + node * NODE_PORTS_APART;
            // The first client port is the user's wish: if it is in use, the node says so.
            int client = node == 0 && clientPort != 0 ? base : free(base, taken);
            taken.add(client);
            int internal = free(base + 1, taken);
            int raft = free(base + 2, taken);
            chosen.add(new Ports(client, internal, raft));
        }
        return chosen;
    }

    /// The next free port from `from` on that is not among `taken`, where it is then.
    static int free(int from, Set<Integer> taken) throws IOException {
        for (int port = from; port <= 65_535; port++) {
            try (var probe = new ServerSocket()) {
                probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                if (taken.add(probe.getLocalPort())) {
                    return probe.getLocalPort();
                }
            } catch (BindException inUse) {
                // The next one.
            }
        }
        throw new IOException("no port is free from " + from + " on");
    }

    private void save(Path file) throws IOException {
        Files.createDirectories(folder);
        var text = new StringBuilder("cluster.id=").append(clusterId).append('\n');
        for (int node = 1; node <= ports.size(); node++) {
            var own = ports.get(node - 1);
            text.append("node.%d=%d,%d,%d%n".formatted(node, own.client(), own.internal(), own.raft()));
        }
        var temporary = folder.resolve(FILE + ".tmp");
        Files.writeString(temporary, text);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static DevCluster load(Path folder, Path file) throws IOException {
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        List<Ports> ports = new ArrayList<>();
        for (int node = 1; properties.containsKey("node." + node); node++) {
            var numbers = properties.getProperty("node." + node, "").split(",", -1);
            if (numbers.length != 3) {
                throw new IOException("node." + node + " does not have three ports");
            }
            ports.add(new Ports(
                    Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]), Integer.parseInt(numbers[2])));
        }
        return new DevCluster(folder, properties.getProperty("cluster.id", ""), ports);
    }
}
