package io.weirlog.deploy.alert;

import io.weirlog.client.NewTopic;
import io.weirlog.deploy.Repository;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What goes wrong with a cluster when its nodes do.
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterAlertsTest implements Watched {
    private static final int NODES = 3;

    @TempDir
    private Path folder;

    private WatchedCluster cluster;
    private @Nullable WatchedCluster other;

    @BeforeAll
    void start(@TempDir Path shared) throws Exception {
        cluster = new WatchedCluster(shared, NODES);
        // Each broker has some of it alone.
        cluster.create(new NewTopic("single", NODES, 1, Map.of()));
        cluster.create(new NewTopic("strict", NODES, 2, Map.of("min.insync.replicas", "2")));
    }

    @Override
    public WatchedCluster cluster() {
        return cluster;
    }

    @AfterEach
    void heal() throws Exception {
        cluster.heal();
        if (other != null) {
            prometheus().watchInstead(cluster.targets());
            other.close();
            other = null;
        }
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Fires({
        "WeirlogNodeDown",
        "WeirlogBrokersFenced",
        "WeirlogVotersUnwell",
        "WeirlogPartitionsOffline",
        "WeirlogPartitionsUnderMinIsr",
        "WeirlogPartitionsUnderReplicated"
    })
    void aNodeIsKilled() throws Exception {
        cluster.kill(3);
    }

    @Fires("WeirlogNoActiveController")
    void aMajorityOfTheControllersIsKilled() throws Exception {
        cluster.kill(2);
        cluster.kill(3);
    }

    @Fires("WeirlogTwoActiveControllers")
    void aNodeOfAnotherClusterIsWatchedToo() throws Exception {
        other = new WatchedCluster(folder, 1);
        var targets = new ArrayList<>(cluster.targets());
        targets.addAll(other.targets());
        prometheus().watchInstead(targets);
    }

    @Fires("WeirlogVersionsDiffer")
    void anUpgradeStopsAtTheFirstNode() throws Exception {
        cluster.restart(1, List.of("env", "WEIRLOG_HOME=" + ofVersion("99.0.0")));
    }

    /// The build that the tests belong to, as if it were of another version.
    private Path ofVersion(String version) throws IOException {
        var home = folder.resolve("home");
        Files.createDirectories(home.resolve("lib"));
        try (var jars = Files.list(Repository.ROOT.resolve("deploy/target/weirlog/lib"))) {
            for (var jar : jars.toList()) {
                var copy = Files.copy(jar, home.resolve("lib").resolve(jar.getFileName()));
                if (jar.getFileName().toString().startsWith("weirlog-server-")) {
                    try (var entries = FileSystems.newFileSystem(copy)) {
                        Files.writeString(
                                entries.getPath("io/weirlog/server/build.properties"), "version=" + version + "\n");
                    }
                }
            }
        }
        return home;
    }
}
