package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.Acknowledgement;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.GroupConsumer;
import io.weirlog.client.GroupOptions;
import io.weirlog.client.GroupPosition;
import io.weirlog.client.NewTopic;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.Partitioner;
import io.weirlog.client.ProducerInterceptor;
import io.weirlog.client.ProducerOptions;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.RebalanceListener;
import io.weirlog.client.SendCallback;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.record.Compression;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Runs the snippets of the client's guide: each stands here as it stands there. Their lines may be broken
/// elsewhere.
@Timeout(120)
class ClientGuideTest {
    private static final Path GUIDE = Path.of("../../docs/client.md");
    private static final Path THIS = Path.of("src/test/java/io/weirlog/cli/ClientGuideTest.java");
    private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private static Path folder;

    private final List<ConsumerRecord> seen = new CopyOnWriteArrayList<>();
    private long untilNanos;
    private int target;

    @Test
    void everySnippetIsRunHere() throws Exception {
        var here = squeezed(Files.readString(THIS)).replace("\"127.0.0.1:\"+port", "\"127.0.0.1:7171\"");
        var snippets = SNIPPET.matcher(Files.readString(GUIDE)).results().toList();
        assertTrue(snippets.size() >= 9, "the guide has snippets");
        for (var snippet : snippets) {
            var code = squeezed(snippet.group(1));
            assertTrue(here.contains(code), () -> "not run by this test: " + snippet.group(1));
        }
    }

    private static String squeezed(String code) {
        return code.replaceAll("\\s+", "");
    }

    @Test
    void theSnippetsRun() throws Exception {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.DATA_DIR, folder.toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.HTTP_PORT, "off");
        try (var node = switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> Node.start(valid.config());
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
        }) {
            connects(node.clientPort());
            try (var client = WeirlogClient.connect(node.clientAddress())) {
                administers(client);
                writes(client);
                reads(client);
                sharesInAGroup(client);
                assertEquals(2, seen.size());
                commits(client);
                assertEquals(4, seen.size());
                // The two records lie in two partitions and may come by two polls: the listener commits each.
                until(6);
                while (running()) {
                    listens(client);
                }
                assertEquals(6, seen.size());
                processes(client);
                assertEquals(8, seen.size());
                plugsIn(client);
            }
        }
    }

    private static void connects(int port) {
        try (var client = WeirlogClient.connect("127.0.0.1:" + port, "127.0.0.1:7172")) {
            client.admin().describeCluster().brokers().forEach(System.out::println);
        }
    }

    private static void administers(WeirlogClient client) {
        client.admin().createTopic(new NewTopic("orders", 3, 1, Map.of("retention.ms", "86400000")));
        client.admin().describeTopic("orders").partitions().forEach(System.out::println);
        client.admin().alterTopic("orders", Map.of("retention.ms", "3600000"), Set.of());
    }

    private static void writes(WeirlogClient client) {
        try (var producer = client.producer()) {
            var sent = producer.send("orders", "ann", "two books");
            System.out.println("written to " + sent.join());
        }
        var options = ProducerOptions.builder()
                .compression(Compression.LZ4)
                .linger(Duration.ofMillis(20))
                .deliveryTimeout(Duration.ofSeconds(30))
                .build();
        try (var producer = client.producer(options)) {
            var record = ProducerRecord.of("orders", "bob", "a lamp")
                    .toPartition(1)
                    .withHeader("source", "shop".getBytes(StandardCharsets.UTF_8));
            producer.send(record, new SendCallback() {
                @Override
                public void onAcknowledged(Acknowledgement ack) {
                    System.out.println("written to " + ack);
                }

                @Override
                public void onFailed(WeirlogException failure) {
                    System.out.println(failure.outcome() + ": " + failure.getMessage());
                }
            });
            producer.flush(Duration.ofSeconds(30));
        }
    }

    private static void plugsIn(WeirlogClient client) {
        var tagging = new ProducerInterceptor() {
            @Override
            public ProducerRecord onSend(ProducerRecord record) {
                return record.withHeader("sent-by", "shop-1".getBytes(StandardCharsets.UTF_8));
            }

            @Override
            public void onFailed(ProducerRecord record, WeirlogException failure) {
                System.out.println("not written to " + record.topic() + ": " + failure.getMessage());
            }
        };
        var options = ProducerOptions.builder()
                .partitioner((record, partitions) -> record.key() == null
                        ? OptionalInt.of(0)
                        : Partitioner.keyHash().partition(record, partitions))
                .interceptors(tagging)
                .build();
        try (var producer = client.producer(options)) {
            var sent = producer.send("orders", "a chair");
            System.out.println("written to " + sent.join());
        }
    }

    private static void reads(WeirlogClient client) {
        var options = ConsumerOptions.builder()
                .topic("orders")
                .start(StartAt.earliest())
                .build();
        try (var consumer = client.consumer(options)) {
            while (!consumer.caughtUp()) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    System.out.println(record.partitionRef() + "@" + record.offset() + " "
                            + record.valueText().orElse(""));
                }
            }
        }
    }

    /// Until so many records were seen altogether.
    private boolean running() {
        assertTrue(System.nanoTime() < untilNanos, "the records do not come");
        return seen.size() < target;
    }

    private void until(int count) {
        target = count;
        untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    }

    private void ship(ConsumerRecord record) {
        seen.add(record);
    }

    private void bill(ConsumerRecord record) {
        seen.add(record);
    }

    private void count(ConsumerRecord record) {
        seen.add(record);
    }

    private void mail(ConsumerRecord record) {
        seen.add(record);
    }

    private void sharesInAGroup(WeirlogClient client) {
        until(2);
        var options = GroupOptions.builder("shipping").topic("orders").build();
        try (var consumer = client.groupConsumer(options)) {
            while (running()) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> ship(record));
            }
        }
    }

    private void commits(WeirlogClient client) {
        until(4);
        var options =
                GroupOptions.builder("billing").topic("orders").manualCommits().build();
        try (var consumer = client.groupConsumer(options)) {
            while (running()) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    bill(record);
                    consumer.commit(Map.of(
                            record.partitionRef(), GroupPosition.after(record).withNote("billed")));
                }
            }
        }
        System.out.println(client.groups().committed("billing"));
        assertEquals(2, client.groups().committed("billing").size());
    }

    private void listens(WeirlogClient client) {
        var listener = new RebalanceListener() {
            @Override
            public void onAssigned(GroupConsumer consumer, Set<PartitionRef> partitions) {
                System.out.println("reading " + partitions);
            }

            @Override
            public void onRevoked(GroupConsumer consumer, Set<PartitionRef> partitions) {
                consumer.commit(); // They are still this member's.
            }

            @Override
            public void onLost(GroupConsumer consumer, Set<PartitionRef> partitions) {
                System.out.println("gone without notice: " + partitions);
            }
        };
        var options = GroupOptions.builder("stock")
                .topicPattern("orders|returns-.*")
                .manualCommits()
                .listener(listener)
                .build();
        try (var consumer = client.groupConsumer(options)) {
            consumer.poll(Duration.ofSeconds(10)).forEach(record -> count(record));
        }
    }

    private void waitUntilTheProgramEnds() {
        until(8);
        while (running()) {
            Thread.onSpinWait();
        }
    }

    private void processes(WeirlogClient client) {
        var options = GroupOptions.builder("mailing").topic("orders").build();
        try (var processor = client.process(options, (records, consumer) -> records.forEach(record -> mail(record)))) {
            waitUntilTheProgramEnds();
            System.out.println("failed: " + processor.ended().isCompletedExceptionally());
        }
    }
}
