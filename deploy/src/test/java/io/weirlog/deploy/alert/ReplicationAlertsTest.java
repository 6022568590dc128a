package io.weirlog.deploy.alert;

import io.weirlog.client.NewTopic;
import io.weirlog.deploy.cluster.SteadyLoad;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What goes wrong between leaders and followers.
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplicationAlertsTest implements Watched {
    private static final int NODES = 3;
    private static final int PARTITIONS = 60;
    private static final int VICTIM = 3;
    /// Shorter than a session, longer than what the alerts of slow writes allow.
    private static final Duration HICCUP = Duration.ofSeconds(2);
    /// Longer than a session.
    private static final Duration OUTAGE = Duration.ofSeconds(5);
    private static final Duration BREATH = Duration.ofMillis(500);
    private static final int TRIES = 20;
    private static final String DAMAGED = "damaged";
    private static final int RECORD_CHARS = 100_000;

    private WatchedCluster cluster;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        cluster = new WatchedCluster(folder, NODES);
        cluster.create(new NewTopic("many", PARTITIONS, NODES, Map.of("min.insync.replicas", "2")));
    }

    @Override
    public WatchedCluster cluster() {
        return cluster;
    }

    @AfterEach
    void heal() throws Exception {
        cluster.heal();
        try (var client = cluster.client()) {
            if (client.admin().listTopics().stream()
                    .anyMatch(topic -> topic.name().equals(DAMAGED))) {
                client.admin().deleteTopic(DAMAGED);
            }
        }
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Fires("WeirlogReplicationLag")
    void aFollowerStandsStillAndLacksARecord() throws Exception {
        cluster.pause(VICTIM);
        try (var client = cluster.client();
                var producer = client.producer()) {
            producer.send("many", "missing").get(30, TimeUnit.SECONDS);
        }
    }

    @Fires("WeirlogIsrFlaps")
    void aFollowerIsLostAgainAndAgain() throws Exception {
        againAndAgain(Set.of("WeirlogIsrFlaps"), OUTAGE);
    }

    @Fires({"WeirlogCommitsSlow", "WeirlogAppendsSlow"})
    void aFollowerHesitatesAgainAndAgain() throws Exception {
        try (var load = new SteadyLoad("many", PARTITIONS, cluster.servers().addresses())) {
            load.start();
            againAndAgain(Set.of("WeirlogCommitsSlow", "WeirlogAppendsSlow"), HICCUP);
            load.finish();
        }
    }

    private void againAndAgain(Set<String> alerts, Duration still) throws Exception {
        for (var times = 0; times < TRIES && !prometheus().tells(alerts, BREATH); times++) {
            cluster.pause(VICTIM);
            prometheus().tells(alerts, still);
            cluster.resume(VICTIM);
            // Who has not come back cannot be lost again.
            prometheus().awaitValue("max(weirlog_cluster_partitions_under_replicated) == 0");
        }
    }

    /// The follower has lost its own, and is sent what is damaged.
    @Fires("WeirlogPeersRefused")
    void theLeadersCopyIsDamaged() throws Exception {
        cluster.create(new NewTopic(DAMAGED, 1, 2, Map.of()));
        try (var client = cluster.client()) {
            try (var producer = client.producer()) {
                producer.send(DAMAGED, "x".repeat(RECORD_CHARS)).get(30, TimeUnit.SECONDS);
            }
            var partition = client.admin().describeTopic(DAMAGED).partitions().getFirst();
            var leader = partition.leader().orElseThrow().broker();
            var follower = partition.replicas().stream()
                    .filter(replica -> !replica.equals(leader))
                    .findFirst()
                    .orElseThrow();
            cluster.stop(follower.value());
            Damage.delete(Damage.partition(cluster.servers().dataDir(follower.value()), DAMAGED, 0));
            Damage.inTheMiddle(Damage.segment(Damage.partition(cluster.servers().dataDir(leader.value()), DAMAGED, 0)));
        }
        cluster.heal();
    }
}
