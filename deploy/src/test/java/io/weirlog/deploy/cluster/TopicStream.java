package io.weirlog.deploy.cluster;

import io.weirlog.client.NewTopic;
import io.weirlog.client.TopicListing;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Creates topics one after the other, each with a name of its own, through whichever node answers.
final class TopicStream implements AutoCloseable {
    private static final Duration REQUEST_MAX = Duration.ofSeconds(5);
    private static final long PAUSE_MILLIS = 20;
    private static final long MORE_SECONDS_MAX = 60;
    private static final long SHOWN_SECONDS_MAX = 20;
    private static final int MORE = 5;

    private final Set<String> acknowledged = new ConcurrentSkipListSet<>();
    /// Got no answer, so they may be there or not.
    private final Set<String> uncertain = new ConcurrentSkipListSet<>();
    private final Thread thread;
    private volatile boolean stopped;

    /// @param addresses of the nodes that there are or will be
    TopicStream(List<String> addresses) {
        thread = Thread.ofPlatform().daemon().start(() -> create(addresses));
    }

    private void create(List<String> addresses) {
        var first = 0;
        while (!stopped) {
            var preferred = new ArrayList<>(addresses.subList(first, addresses.size()));
            preferred.addAll(addresses.subList(0, first));
            try (var client = WeirlogClient.builder()
                    .bootstrap(preferred)
                    .requestTimeout(REQUEST_MAX)
                    .build()) {
                createSome(client);
            }
            first = (first + 1) % addresses.size();
        }
    }

    private void createSome(WeirlogClient client) {
        for (var number = 0; number < MORE && !stopped; number++) {
            var name = "topic-" + (acknowledged.size() + uncertain.size());
            uncertain.add(name);
            try {
                client.admin().createTopic(new NewTopic(name, 1, 1, Map.of()));
                acknowledged.add(name);
                uncertain.remove(name);
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (WeirlogException e) {
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// Waits for more topics, so that each change happens amid topics however slow the machine is.
    void awaitMore() throws InterruptedException {
        int before = acknowledged.size();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MORE_SECONDS_MAX);
        while (acknowledged.size() < before + MORE) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no more topics after " + before);
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    /// Ends the stream.
    ///
    /// @return how many topics were acknowledged, and how many got no answer
    String finish() throws InterruptedException {
        stopped = true;
        thread.join();
        return acknowledged.size() + " topics acknowledged, " + uncertain.size() + " without an answer";
    }

    /// Those that this node does not show though they were acknowledged, or shows though nobody asked for them. A node
    /// hears of the last ones a moment later than who created them.
    Set<String> anomaliesAt(String address) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SHOWN_SECONDS_MAX);
        try (var client = WeirlogClient.connect(address)) {
            var anomalies = anomalies(client);
            while (!anomalies.isEmpty() && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                anomalies = anomalies(client);
            }
            return anomalies;
        }
    }

    private Set<String> anomalies(WeirlogClient client) {
        var shown = client.admin().listTopics().stream()
                .map(TopicListing::name)
                .filter(name -> name.startsWith("topic-"))
                .collect(Collectors.toCollection(TreeSet::new));
        var anomalies = new TreeSet<>(acknowledged);
        anomalies.removeAll(shown);
        shown.removeAll(acknowledged);
        shown.removeAll(uncertain);
        anomalies.addAll(shown);
        return anomalies;
    }

    @Override
    public void close() {
        stopped = true;
    }
}
