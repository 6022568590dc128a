package io.weirlog.deploy.alert;

import io.weirlog.client.GroupSeek;
import io.weirlog.client.NewTopic;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.SeekTo;
import io.weirlog.client.StartAt;
import io.weirlog.deploy.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What goes wrong with a node alone.
@Timeout(300)
class NodeAlertsTest implements Watched {
    private static final int NODE = 1;
    private static final int TRIES = 20;
    private static final long YOUNG_BYTES = 16 << 20;
    private static final int COMPACTED_RECORDS = 40;
    private static final int FILES_MAX = 300;

    @TempDir
    private Path folder;

    private WatchedCluster cluster;

    @BeforeEach
    void start() throws Exception {
        cluster = new WatchedCluster(folder, 1, "metrics.group.lag.interval=1s", "log.cleaner.backoff.ms=100");
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Override
    public WatchedCluster cluster() {
        return cluster;
    }

    private Path partition(String topic) {
        return Damage.partition(cluster.servers().dataDir(NODE), topic, 0);
    }

    @Fires("WeirlogNodeRestarts")
    void itIsKilledAgainAndAgain() throws Exception {
        var alerts = Set.of("WeirlogNodeRestarts");
        for (var times = 0; times < TRIES && !prometheus().tells(alerts, Duration.ofSeconds(2)); times++) {
            cluster.kill(NODE);
            cluster.heal();
        }
    }

    @Fires("WeirlogOpenFilesNearLimit")
    void itMayOpenFewFiles() throws Exception {
        cluster.restart(NODE, List.of("sh", "-c", "ulimit -n " + FILES_MAX + "; exec \"$@\"", "sh"));
        var open = prometheus().awaitValue("process_files_open_files and process_files_max_files == " + FILES_MAX);
        // Each partition has its segment open.
        var partitions = (int) (FILES_MAX * 0.9 - open);
        cluster.create(new NewTopic("many", partitions, 1, Map.of()));
    }

    /// Of what is there for objects that live long, those that a node has from its start on take nearly all.
    @Fires("WeirlogHeapNearlyFull")
    void itsHeapIsTooSmall() throws Exception {
        collect();
        var live = prometheus().awaitValue("jvm_gc_live_data_size_bytes > 0");
        var heap = YOUNG_BYTES + (long) (live / 0.95);
        cluster.restart(
                NODE,
                List.of(
                        "env",
                        "WEIRLOG_JAVA_OPTS=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmn" + YOUNG_BYTES + " -Xmx"
                                + heap));
        collect();
    }

    /// What lives is known after a collection of the whole heap only.
    private void collect() throws Exception {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try (var run =
                Run.of(new ProcessBuilder(jcmd, Long.toString(cluster.run(NODE).pid()), "GC.run"))) {
            run.success();
        }
    }

    /// Who reads a pipe that nobody writes to waits for ever.
    @Fires("WeirlogRecoveryStandsStill")
    void itsDiskHangsWhileItStarts() throws Exception {
        cluster.create(new NewTopic("stuck", 1, 1, Map.of()));
        cluster.kill(NODE);
        var file = partition("stuck").resolve("leader-epoch-checkpoint");
        Files.delete(file);
        try (var pipe = Run.of(new ProcessBuilder("mkfifo", file.toString()))) {
            pipe.success();
        }
        cluster.launch(NODE, List.of());
    }

    @Fires("WeirlogCompactionFails")
    void aSegmentThatIsToBeCompactedIsDamaged() throws Exception {
        var topic = NewTopic.named("compacted")
                .withConfig("cleanup.policy", "compact")
                .withConfig("segment.bytes", "65536")
                .withConfig("min.cleanable.dirty.ratio", "0.01")
                .withConfig(
                        "min.compaction.lag.ms",
                        Long.toString(Duration.ofDays(1).toMillis()));
        cluster.create(topic);
        try (var client = cluster.client();
                var producer = client.producer()) {
            for (var count = 0; count < COMPACTED_RECORDS; count++) {
                producer.send("compacted", "key", "x".repeat(10_000)).get(30, TimeUnit.SECONDS);
            }
        }
        Damage.inTheMiddle(Damage.segment(partition("compacted")));
        try (var client = cluster.client()) {
            client.admin().alterTopic("compacted", Map.of("min.compaction.lag.ms", "0"), Set.of());
        }
    }

    @Fires("WeirlogGroupLag")
    void nobodyReadsForAGroup() throws Exception {
        cluster.create(NewTopic.named("unread"));
        var longAgo = Instant.now().minus(Duration.ofHours(1));
        try (var client = cluster.client();
                var producer = client.producer()) {
            client.groups().seek("readers", List.of(GroupSeek.topic("unread", SeekTo.position(StartAt.earliest()))));
            producer.send(ProducerRecord.of("unread", "left").at(longAgo)).get(30, TimeUnit.SECONDS);
        }
    }
}
