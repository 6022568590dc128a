package io.weirlog.metadata;

import io.weirlog.testing.FreePorts;
import io.weirlog.testing.LossyProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Connections between voters whose other end is gone without a word, as when a pod comes back with another address:
/// they do not break, and nobody answers.
@Timeout(120)
class DeadConnectionsTest {
    private static final int VOTERS = 3;

    /// The first is that of voter 1.
    private final List<LossyProxy> proxies = new ArrayList<>();

    @TempDir
    private Path directory;

    @AfterEach
    void close() throws IOException {
        for (var proxy : proxies) {
            proxy.close();
        }
    }

    private QuorumCluster cluster() throws IOException {
        var found = IntStream.rangeClosed(1, VOTERS)
                .boxed()
                .collect(Collectors.toMap(id -> id, _ -> new Endpoint("localhost", FreePorts.next())));
        var cluster = new QuorumCluster(directory, VOTERS, QuorumConfig.Tuning.DEFAULT, found);
        for (var entry : new TreeMap<>(found).entrySet()) {
            proxies.add(new LossyProxy(address(entry.getValue()), address(cluster.endpoint(entry.getKey()))));
        }
        return cluster;
    }

    private static InetSocketAddress address(Endpoint endpoint) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port());
    }

    @Test
    void aVoterThatIsReachedByNewConnectionsOnlyIsReached() throws Exception {
        try (var cluster = cluster().startAll(1, 2, 3)) {
            cluster.propose(Commands.register(1));
            cluster.awaitSameState();
            int silent = cluster.active() % VOTERS + 1;
            proxies.get(silent - 1).deafen();
            cluster.propose(Commands.create("orders", 3, 1));
            cluster.awaitSameState();

            // Those between the followers too: one of them needs the other's vote.
            proxies.forEach(LossyProxy::deafen);
            cluster.stop(cluster.active());
            cluster.propose(Commands.create("clicks", 3, 1));
            cluster.awaitSameState();
        }
    }
}
