package io.weirlog.deploy.cluster;

import io.weirlog.client.NewTopic;
import io.weirlog.client.TopicConfig;
import io.weirlog.client.TopicDescription;
import io.weirlog.client.TopicListing;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// Changes of the metadata, one after the other through each node, and what they were answered. Names are unique: each
/// topic is created, altered, given more partitions and deleted by one worker, so what must be true of it follows from
/// that worker's answers alone.
///
/// A watcher for each node looks at what that node shows: topics that are never deleted stay once they were seen, and
/// epochs never go back.
final class MetadataWorkload implements AutoCloseable {
    private static final Duration REQUEST_MAX = Duration.ofSeconds(2);
    private static final long PAUSE_MILLIS = 40;
    private static final int TOPICS_PER_WORKER = 40;

    private final String watchedTopic;
    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, TopicFacts> facts = new ConcurrentHashMap<>();
    private final List<String> anomalies = new ArrayList<>();
    private final Map<Integer, AtomicInteger> acknowledged = new TreeMap<>();
    private volatile boolean stopped;

    /// What is known of a topic by the answers so far. Touched by its worker, and by the check once that has ended.
    private static final class TopicFacts {
        String retention = "";
        int partitions = 1;
        boolean created;
        boolean deleted;
        /// What got no answer may be done at any time from then on, or never.
        final Set<String> uncertainRetention = new TreeSet<>();
        final Set<Integer> uncertainPartitions = new TreeSet<>();
        boolean creationUncertain;
        boolean deletionUncertain;
    }

    @FunctionalInterface
    private interface Operation {
        void run(WeirlogClient client);
    }

    /// @param addresses of the nodes, from 1 on
    MetadataWorkload(String watchedTopic, Map<Integer, String> addresses) {
        this.watchedTopic = watchedTopic;
        addresses.forEach((node, address) -> {
            acknowledged.put(node, new AtomicInteger());
            threads.add(Thread.ofPlatform().daemon().unstarted(() -> work(node, address)));
            threads.add(Thread.ofPlatform().daemon().unstarted(() -> watch(node, address)));
        });
    }

    void start() {
        threads.forEach(Thread::start);
    }

    /// How many operations each node has acknowledged so far.
    Map<Integer, Integer> acknowledged() {
        return acknowledged.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().get()));
    }

    private static WeirlogClient client(String address) {
        return WeirlogClient.builder()
                .bootstrap(List.of(address))
                .requestTimeout(REQUEST_MAX)
                .build();
    }

    private void work(int node, String address) {
        try (var client = client(address)) {
            for (var step = 0; !stopped; step++) {
                var topic = "by-" + node + "-" + step % TOPICS_PER_WORKER;
                var round = step / TOPICS_PER_WORKER;
                if (round == 0) {
                    create(client, node, topic);
                } else if (isDeleted(step)) {
                    if (round == 3) {
                        delete(client, node, topic);
                    }
                } else if (round % 4 == 2) {
                    grow(client, node, topic, 1 + (round + 2) / 4);
                } else {
                    alter(client, node, topic, Long.toString(1_000_000L + step));
                }
                pause();
            }
        }
    }

    /// Some topics are deleted in their third round; the others stay.
    private static boolean isDeleted(int step) {
        return step % TOPICS_PER_WORKER % 4 == 3;
    }

    private static boolean stays(String topic) {
        return topic.startsWith("by-") && !isDeleted(Integer.parseInt(topic.substring(topic.lastIndexOf('-') + 1)));
    }

    private void create(WeirlogClient client, int node, String topic) {
        var known = new TopicFacts();
        known.creationUncertain = true;
        facts.put(topic, known);
        known.created = done(client, node, asked -> asked.admin().createTopic(new NewTopic(topic, 1, 1, Map.of())));
        known.creationUncertain = !known.created;
    }

    private void alter(WeirlogClient client, int node, String topic, String retention) {
        var known = facts(topic);
        if (done(client, node, asked -> asked.admin().alterTopic(topic, Map.of("retention.ms", retention), Set.of()))) {
            known.created = true;
            known.retention = retention;
        } else {
            known.uncertainRetention.add(retention);
        }
    }

    private void grow(WeirlogClient client, int node, String topic, int partitions) {
        var known = facts(topic);
        if (done(client, node, asked -> asked.admin().createPartitions(topic, partitions))) {
            known.created = true;
            known.partitions = partitions;
        } else {
            known.uncertainPartitions.add(partitions);
        }
    }

    private void delete(WeirlogClient client, int node, String topic) {
        var known = facts(topic);
        known.deleted = done(client, node, asked -> asked.admin().deleteTopic(topic));
        known.deletionUncertain = !known.deleted;
    }

    private TopicFacts facts(String topic) {
        return Optional.ofNullable(facts.get(topic)).orElseThrow();
    }

    private boolean done(WeirlogClient client, int node, Operation operation) {
        try {
            operation.run(client);
            Optional.ofNullable(acknowledged.get(node)).orElseThrow().incrementAndGet();
            return true;
        } catch (WeirlogException e) {
            return false;
        }
    }

    private void watch(int node, String address) {
        var seen = new TreeSet<String>();
        var leaderEpochs = new HashMap<Integer, Integer>();
        var partitionEpochs = new HashMap<Integer, Long>();
        try (var client = client(address)) {
            while (!stopped) {
                try {
                    var names = names(client);
                    seen.stream()
                            .filter(name -> !names.contains(name))
                            .forEach(name -> anomaly("node " + node + " shows no topic " + name + " any more"));
                    names.stream().filter(MetadataWorkload::stays).forEach(seen::add);
                    for (var partition :
                            client.admin().describeTopic(watchedTopic).partitions()) {
                        var id = partition.partition();
                        var leaderEpoch = partition.leaderEpoch();
                        var partitionEpoch = partition.partitionEpoch();
                        if (leaderEpochs.getOrDefault(id, 0) > leaderEpoch
                                || partitionEpochs.getOrDefault(id, 0L) > partitionEpoch) {
                            anomaly("node %d: epochs %d and %d of partition %d went back"
                                    .formatted(node, leaderEpoch, partitionEpoch, id));
                        }
                        leaderEpochs.put(id, leaderEpoch);
                        partitionEpochs.put(id, partitionEpoch);
                    }
                } catch (WeirlogException e) {
                    // The node is in trouble, as it should be.
                }
                pause();
            }
        }
    }

    private static Set<String> names(WeirlogClient client) {
        return client.admin().listTopics().stream().map(TopicListing::name).collect(Collectors.toSet());
    }

    private void anomaly(String what) {
        synchronized (anomalies) {
            anomalies.add(what);
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Ends the stream of operations. What was acknowledged must be true from now on.
    void finish() throws InterruptedException {
        stopped = true;
        for (var thread : threads) {
            thread.join();
        }
    }

    /// What is wrong in what this node shows, now that nothing changes any more.
    List<String> anomaliesAt(String address) {
        var found = new ArrayList<String>();
        try (var client = WeirlogClient.connect(address)) {
            var names = names(client);
            facts.forEach((topic, known) -> {
                if (names.contains(topic)) {
                    compare(client.admin().describeTopic(topic), known, found);
                } else if (known.created && !known.deleted && !known.deletionUncertain) {
                    found.add(topic + " is lost");
                }
            });
        }
        synchronized (anomalies) {
            found.addAll(anomalies);
        }
        return found;
    }

    private static void compare(TopicDescription topic, TopicFacts known, List<String> found) {
        if (known.deleted && !known.creationUncertain) {
            found.add(topic.name() + " was deleted and is there");
        }
        var retention = topic.configs().stream()
                .filter(config -> config.key().equals("retention.ms") && config.overridden())
                .map(TopicConfig::value)
                .findFirst()
                .orElse("");
        if (!retention.equals(known.retention) && !known.uncertainRetention.contains(retention)) {
            found.add(topic.name() + " has retention.ms=" + retention + ", not " + known.retention);
        }
        var partitions = topic.partitions().size();
        if (partitions < known.partitions
                || (partitions > known.partitions && !known.uncertainPartitions.contains(partitions))) {
            found.add(topic.name() + " has " + partitions + " partitions, not " + known.partitions);
        }
    }

    @Override
    public void close() {
        stopped = true;
    }
}
