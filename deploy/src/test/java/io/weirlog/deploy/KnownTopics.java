package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.NewTopic;
import io.weirlog.client.TopicConfig;
import io.weirlog.client.TopicDescription;
import io.weirlog.client.TopicListing;
import io.weirlog.client.WeirlogClient;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// Topics as a cluster's answers say they are: each with its number of partitions and its `retention.ms`. Changed
/// through
/// one node, they must be so on every one.
final class KnownTopics {
    private static final long SHOWN_SECONDS_MAX = 20;
    private static final long LOOK_AGAIN_MILLIS = 20;

    private final Map<String, Shape> topics = new TreeMap<>();

    private record Shape(int partitions, String retention) {}

    void create(String address, String topic, int partitions) {
        try (var client = WeirlogClient.connect(address)) {
            client.admin()
                    .createTopic(
                            NewTopic.named(topic).withPartitions(partitions).withReplicationFactor(1));
            var described = client.admin().describeTopic(topic);
            assertTrue(
                    described.partitions().stream().allMatch(one -> one.leader().isPresent()), described::toString);
            topics.put(topic, shape(described));
            assertEquals(partitions, described.partitions().size());
        }
    }

    /// With the command that an operator would use.
    void alter(String address, String topic, int retention) throws InterruptedException {
        var partitions = Optional.ofNullable(topics.get(topic)).orElseThrow().partitions();
        alter(address, topic, "-c", "retention.ms=" + retention, partitions);
        topics.put(topic, new Shape(partitions, Integer.toString(retention)));
    }

    void grow(String address, String topic, int partitions) throws InterruptedException {
        var retention = Optional.ofNullable(topics.get(topic)).orElseThrow().retention();
        alter(address, topic, "-p", Integer.toString(partitions), partitions);
        topics.put(topic, new Shape(partitions, retention));
    }

    private static void alter(String address, String topic, String option, String value, int partitions)
            throws InterruptedException {
        try (var run = Run.weirlog("topic", "alter", topic, option, value, "-b", address)) {
            assertEquals(
                    "altered topic " + topic + ", with " + partitions + " partitions",
                    run.success().getLast());
        }
    }

    void delete(String address, String topic) {
        try (var client = WeirlogClient.connect(address)) {
            client.admin().deleteTopic(topic);
        }
        topics.remove(topic);
    }

    /// A node that did not answer itself hears of a change a moment later.
    void assertShownBy(String address) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SHOWN_SECONDS_MAX);
        try (var client = WeirlogClient.connect(address)) {
            var shown = shown(client);
            while (!shown.equals(topics) && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
                shown = shown(client);
            }
            assertEquals(topics, shown, address);
        }
    }

    private static Map<String, Shape> shown(WeirlogClient client) {
        var shown = new TreeMap<String, Shape>();
        for (var name :
                client.admin().listTopics().stream().map(TopicListing::name).toList()) {
            shown.put(name, shape(client.admin().describeTopic(name)));
        }
        return shown;
    }

    private static Shape shape(TopicDescription topic) {
        var retention = topic.configs().stream()
                .filter(config -> config.key().equals("retention.ms"))
                .map(TopicConfig::value)
                .findFirst()
                .orElseThrow();
        return new Shape(topic.partitions().size(), retention);
    }
}
