package io.weirlog.deploy.alert;

import io.weirlog.client.NewTopic;
import io.weirlog.deploy.BigRecords;
import io.weirlog.deploy.SmallDisk;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What goes wrong with the small disk that holds one of a node's two data directories.
@Timeout(300)
class DiskAlertsTest implements Watched {
    private static final int NODE = 1;

    @TempDir
    private Path folder;

    private SmallDisk disk;
    private WatchedCluster cluster;

    @BeforeEach
    void start() throws Exception {
        var mounted = folder.resolve("disk");
        disk = SmallDisk.mount(mounted);
        cluster = new WatchedCluster(
                folder, 1, disk.prefix(), "disk.reserve=48MiB", "data.dirs=" + mounted + "," + folder.resolve("other"));
    }

    @AfterEach
    void stop() {
        cluster.close();
        disk.close();
    }

    @Override
    public WatchedCluster cluster() {
        return cluster;
    }

    @Fires({"WeirlogDiskFillsWithinADay", "WeirlogDiskAlmostFull", "WeirlogDiskFull"})
    void itFillsUp() throws Exception {
        try (var records = new BigRecords(cluster.servers().address(NODE))) {
            // The first partition goes to the directory that is named first.
            records.create("large");
            records.fill(0);
        }
        // Producers leave the reserve alone, others do not.
        disk.fillUp();
    }

    @Fires({"WeirlogDataDirectoryOffline", "WeirlogPartitionsFailed"})
    void nothingCanBeWrittenToItAfterARestart() throws Exception {
        cluster.create(new NewTopic("topic", 2, 1, Map.of()));
        cluster.stop(NODE);
        disk.makeReadOnly();
        cluster.heal();
    }
}
