package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Replicas;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoublePredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ReplicationMetersTest {
    @TempDir
    private Path folder;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void metricsTellOfFollowersThatComeAndGo() throws Exception {
        try (var cluster = new TestCluster(folder, 3, 1)
                .with(ConfigKeys.HTTP_PORT, "0")
                .with(ConfigKeys.METRICS_PER_PARTITION, "true")) {
            cluster.start(1, 2, 3);
            cluster.node(1)
                    .admin()
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setName("events")
                            .addReplicas(Replicas.newBuilder().addAllBrokerIds(List.of(1, 2, 3)))
                            .putConfigs("min.insync.replicas", "2")
                            .build());
            for (int i = 0; i < 5; i++) {
                assertTrue(cluster.node(1)
                        .append("events", 0, "value " + i)
                        .getFirst()
                        .hasAppended());
            }
            await(cluster, "weirlog_replication_lag_records", "follower=\"2\"", value -> value == 0);
            await(cluster, "weirlog_replication_lag_seconds", "follower=\"3\"", value -> value < 5);
            await(cluster, "weirlog_partitions_under_replicated", "", value -> value == 0);
            assertEquals(5, value(cluster, "weirlog_replication_watermark_latency_seconds_count", ""));
            assertTrue(value(cluster, "weirlog_replication_watermark_latency_seconds_bucket", "le=\"0.001\"") <= 5);
            assertEquals(4 << 20, value(cluster, "weirlog_replication_stream_credit_bytes", "follower=\"2\""));
            assertTrue(value(cluster, "weirlog_topic_size_bytes", "topic=\"events\"") > 100);
            assertTrue(value(cluster, "weirlog_topic_partition_size_bytes_max", "topic=\"events\"") > 100);
            assertTrue(value(cluster, "weirlog_partition_size_bytes", "partition=\"0\"") > 100);
            double shrinks = value(cluster, "weirlog_replication_isr_shrinks_total", "");
            double expands = value(cluster, "weirlog_replication_isr_expands_total", "");

            cluster.stop(3);
            await(cluster, "weirlog_partitions_under_replicated", "", value -> value == 1);
            assertEquals(0, value(cluster, "weirlog_partitions_under_min_isr", ""));
            cluster.stop(2);
            await(cluster, "weirlog_partitions_under_min_isr", "", value -> value == 1);
            assertEquals(shrinks + 2, value(cluster, "weirlog_replication_isr_shrinks_total", ""));
            assertFalse(find(cluster, "weirlog_replication_stream_credit_bytes", "follower=\"2\"")
                    .isPresent());

            cluster.start(2, 3);
            await(cluster, "weirlog_partitions_under_replicated", "", value -> value == 0);
            assertEquals(expands + 2, value(cluster, "weirlog_replication_isr_expands_total", ""));
            assertEquals(0, value(cluster, "weirlog_partitions_under_min_isr", ""));
        }
    }

    private void await(TestCluster cluster, String name, String label, DoublePredicate condition) throws Exception {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            var found = find(cluster, name, label);
            if (found.filter(condition::test).isPresent()) {
                return;
            }
            assertTrue(System.nanoTime() < deadlineNanos, () -> name + " is " + found);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    private double value(TestCluster cluster, String name, String label) throws Exception {
        return find(cluster, name, label).orElseThrow(() -> new AssertionError("no " + name + " with " + label));
    }

    /// As node 1 tells.
    private Optional<Double> find(TestCluster cluster, String name, String label) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + cluster.node(1).node.httpPort().orElseThrow() + "/metrics"))
                .timeout(Duration.ofSeconds(10))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString())
                .body()
                .lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(label))
                .findFirst()
                .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)));
    }
}
