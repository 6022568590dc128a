package io.weirlog.cli;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.Assignor;
import io.weirlog.client.ConsumerRecord;
import io.weirlog.client.GroupConsumer;
import io.weirlog.client.GroupOptions;
import io.weirlog.client.GroupPosition;
import io.weirlog.client.MemberFencedException;
import io.weirlog.client.NewTopic;
import io.weirlog.client.OffsetOutOfRangeException;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.Producer;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.RebalanceListener;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.v1.ErrorReason;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The Java client's group consumer against a real node; each test has a topic of its own, and a group of that name.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class GroupConsumerTest {
    private static final Duration STEP = Duration.ofMillis(20);

    @TempDir
    private static Path folder;

    private Node node;
    private WeirlogClient client;
    private Producer producer;
    private String topic = "";

    @BeforeAll
    void start() throws Exception {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.DATA_DIR, folder.toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.HTTP_PORT, "off");
        node = switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> Node.start(valid.config());
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
        };
        client = WeirlogClient.connect(node.clientAddress());
        producer = client.producer();
    }

    @AfterAll
    void stop() {
        client.close();
        node.close();
    }

    @BeforeEach
    void name(TestInfo test) {
        topic = test.getTestMethod().orElseThrow().getName();
    }

    private PartitionRef partition(int number) {
        return new PartitionRef(topic, number);
    }

    private void create(int partitions) {
        client.admin().createTopic(new NewTopic(topic, partitions, 1, Map.of()));
    }

    /// Writes these numbers into each partition, with the partition's before them.
    private List<String> write(int partitions, int from, int to) {
        var values = new ArrayList<String>();
        for (int partition = 0; partition < partitions; partition++) {
            for (int i = from; i < to; i++) {
                values.add(partition + "-" + i);
                producer.send(ProducerRecord.of(topic, partition + "-" + i).toPartition(partition))
                        .join();
            }
        }
        return values;
    }

    private GroupOptions.Builder options() {
        return GroupOptions.builder(topic).topic(topic);
    }

    private static List<String> values(List<ConsumerRecord> records) {
        return records.stream().map(record -> record.valueText().orElseThrow()).toList();
    }

    /// Polls until there are so many records.
    private static List<String> read(GroupConsumer consumer, int count) {
        var read = new ArrayList<String>();
        await(() -> {
            read.addAll(values(consumer.poll(STEP)));
            return read.size() >= count;
        });
        return read;
    }

    private static List<String> sorted(List<String> values) {
        return values.stream().sorted().toList();
    }

    private static void joined(GroupConsumer consumer, int partitions) {
        await(() -> {
            consumer.poll(STEP);
            return consumer.assignment().size() == partitions;
        });
    }

    private void awaitCommitted(int partition, long offset) {
        await(() ->
                GroupPosition.of(offset).equals(client.groups().committed(topic).get(partition(partition))));
    }

    /// What a listener was told, and whether the consumer still had what was revoked.
    private static final class Log implements RebalanceListener {
        private final List<String> told = new CopyOnWriteArrayList<>();

        @Override
        public void onAssigned(GroupConsumer consumer, Set<PartitionRef> partitions) {
            assertTrue(consumer.assignment().containsAll(partitions));
            told.add("assigned " + partitions.size());
        }

        @Override
        public void onRevoked(GroupConsumer consumer, Set<PartitionRef> partitions) {
            assertTrue(consumer.assignment().containsAll(partitions));
            consumer.commit();
            told.add("revoked " + partitions.size());
        }

        @Override
        public void onLost(GroupConsumer consumer, Set<PartitionRef> partitions) {
            told.add("lost " + partitions.size());
        }
    }

    /// Only the listener commits: had a commit not counted, the records before it would come twice.
    @Test
    void twoMembersShareAndNothingComesTwice() {
        create(4);
        var expected = new ArrayList<>(write(4, 0, 10));
        var log = new Log();
        var seen = new ArrayList<String>();
        var options = options().manualCommits().listener(log).maxPollRecords(3);
        var first = client.groupConsumer(options.build());
        seen.addAll(read(first, 40));
        try (var second = client.groupConsumer(options.build())) {
            await(() -> {
                seen.addAll(values(first.poll(STEP)));
                seen.addAll(values(second.poll(STEP)));
                return first.assignment().size() == 2 && second.assignment().size() == 2;
            });
            assertFalse(first.memberId().equals(second.memberId()));
            var both = new HashSet<>(first.assignment());
            both.addAll(second.assignment());
            assertEquals(4, both.size());
            expected.addAll(write(4, 10, 20));
            await(() -> {
                seen.addAll(values(first.poll(STEP)));
                seen.addAll(values(second.poll(STEP)));
                return seen.size() >= expected.size();
            });
            assertEquals(List.of("assigned 4", "revoked 2", "assigned 2"), log.told);
            first.close();
            assertEquals("revoked 2", log.told.getLast());
            await(() -> {
                seen.addAll(values(second.poll(STEP)));
                return second.assignment().size() == 4;
            });
            expected.addAll(write(4, 20, 21));
            seen.addAll(read(second, 4));
        }
        assertEquals(sorted(expected), sorted(seen));
    }

    @Test
    void pollsCommitWhatPollsBeforeHaveReturned() {
        create(1);
        write(1, 0, 20);
        try (var consumer = client.groupConsumer(
                options().autoCommitInterval(Duration.ZERO).maxPollRecords(5).build())) {
            assertEquals(5, read(consumer, 1).size());
            assertTrue(client.groups().committed(topic).isEmpty(), "nothing of it is dealt with yet");
            consumer.poll(STEP);
            awaitCommitted(0, 5);
        }
        // Closing commits too.
        awaitCommitted(0, 10);
        try (var consumer = client.groupConsumer(options().build())) {
            assertEquals("0-10", read(consumer, 10).getFirst());
        }
        awaitCommitted(0, 20);
        try (var consumer = client.groupConsumer(options().build())) {
            joined(consumer, 1);
            await(() -> consumer.poll(STEP).isEmpty() && consumer.caughtUp());
        }
    }

    @Test
    void commitsByHandMayHaveNotes() throws Exception {
        create(2);
        write(2, 0, 10);
        try (var consumer = client.groupConsumer(options().manualCommits().build())) {
            read(consumer, 20);
            consumer.commit(Map.of(partition(0), GroupPosition.of(4).withNote("half way")));
            consumer.commitAsync(Map.of(partition(1), GroupPosition.of(9))).get(10, TimeUnit.SECONDS);
            var refused = assertThrows(
                    WeirlogException.class, () -> consumer.commit(Map.of(partition(2), GroupPosition.of(0))));
            assertEquals(ErrorReason.ERROR_REASON_PARTITION_NOT_OWNED, refused.reason());
            var tooLong = GroupPosition.of(5).withNote("x".repeat(5_000));
            var commit = consumer.commitAsync(Map.of(partition(0), tooLong));
            var failed = assertThrows(ExecutionException.class, () -> commit.get(10, TimeUnit.SECONDS));
            assertTrue(failed.toString().contains("4096"), failed.toString());
        }
        assertEquals(
                Map.of(partition(0), new GroupPosition(4, "half way"), partition(1), GroupPosition.of(9)),
                client.groups().committed(topic));
        try (var consumer = client.groupConsumer(options().manualCommits().build())) {
            assertEquals(List.of("0-4", "0-5", "0-6", "0-7", "0-8", "0-9", "1-9"), sorted(read(consumer, 7)));
            consumer.commit();
        }
        awaitCommitted(0, 10);
        awaitCommitted(1, 10);
    }

    @Test
    void aGroupBeginsWhereItsOptionsSay() throws Exception {
        create(1);
        write(1, 0, 5);
        TimeUnit.MILLISECONDS.sleep(2);
        var middle = Instant.now();
        write(1, 5, 10);
        try (var consumer = client.groupConsumer(GroupOptions.builder("by-time")
                .topic(topic)
                .start(StartAt.timestamp(middle))
                .build())) {
            assertEquals(List.of("0-5", "0-6", "0-7", "0-8", "0-9"), read(consumer, 5));
        }
        try (var consumer = client.groupConsumer(GroupOptions.builder("from-the-end")
                .topicPattern("aGroupBegins.*")
                .start(StartAt.latest())
                .build())) {
            await(() -> consumer.poll(STEP).isEmpty() && consumer.caughtUp());
            write(1, 10, 11);
            assertEquals(List.of("0-10"), read(consumer, 1));
        }
        try (var consumer = client.groupConsumer(
                GroupOptions.builder("nowhere").topic(topic).startNowhere().build())) {
            var failure = assertThrows(OffsetOutOfRangeException.class, () -> joinedAndRead(consumer));
            assertTrue(failure.getMessage().contains("has committed nothing of"), failure.getMessage());
            consumer.seek(partition(0), StartAt.offset(8));
            assertEquals(List.of("0-8", "0-9", "0-10"), read(consumer, 3));
        }
    }

    private static void joinedAndRead(GroupConsumer consumer) {
        await(() -> !consumer.poll(STEP).isEmpty());
    }

    @Test
    void aGroupGoesOnWhereItsOptionsSayIfItsOffsetIsGone() {
        create(1);
        write(1, 0, 20);
        for (var group : List.of("gone-earliest", "gone-latest", "gone-nowhere")) {
            try (var consumer = client.groupConsumer(
                    GroupOptions.builder(group).topic(topic).manualCommits().build())) {
                joined(consumer, 1);
                consumer.commit(Map.of(partition(0), GroupPosition.of(3)));
            }
        }
        client.admin().deleteRecords(Map.of(partition(0), 12L));
        try (var consumer = client.groupConsumer(
                GroupOptions.builder("gone-earliest").topic(topic).build())) {
            assertEquals("0-12", read(consumer, 8).getFirst());
        }
        try (var consumer = client.groupConsumer(GroupOptions.builder("gone-latest")
                .topic(topic)
                .start(StartAt.latest())
                .build())) {
            await(() -> consumer.poll(STEP).isEmpty() && consumer.caughtUp());
            assertEquals(20, consumer.position(partition(0)).orElseThrow());
        }
        try (var consumer = client.groupConsumer(
                GroupOptions.builder("gone-nowhere").topic(topic).startNowhere().build())) {
            var failure = assertThrows(OffsetOutOfRangeException.class, () -> joinedAndRead(consumer));
            assertEquals(3, failure.offset());
            assertEquals(12, failure.logStartOffset());
        }
    }

    @Test
    void seeksAndPausesAsAnyConsumerDoes() {
        create(2);
        write(2, 0, 10);
        try (var consumer = client.groupConsumer(options().build())) {
            read(consumer, 20);
            consumer.pause(Set.of(partition(0)));
            assertEquals(Set.of(partition(0)), consumer.paused());
            consumer.seek(partition(0), StartAt.offset(7));
            consumer.seek(partition(1), StartAt.offset(8));
            assertEquals(List.of("1-8", "1-9"), read(consumer, 2));
            assertEquals(List.of(), consumer.poll(STEP));
            consumer.resume(Set.of(partition(0)));
            assertEquals(List.of("0-7", "0-8", "0-9"), read(consumer, 3));
            assertThrows(IllegalStateException.class, () -> consumer.seek(partition(2), StartAt.earliest()));
            consumer.seek(partition(1), StartAt.offset(2));
        }
        // A seek counts: whoever comes next begins there.
        awaitCommitted(0, 10);
        awaitCommitted(1, 2);
    }

    @Test
    void aStaticMemberComesBackToItsPartitions() {
        create(4);
        var first = client.groupConsumer(options().instanceId("one").build());
        try (var other = client.groupConsumer(options().instanceId("two").build())) {
            await(() -> {
                first.poll(STEP);
                other.poll(STEP);
                return first.assignment().size() == 2 && other.assignment().size() == 2;
            });
            var kept = first.assignment();
            first.close();
            var returned = client.groupConsumer(options().instanceId("one").build());
            joined(returned, 2);
            assertEquals(kept, returned.assignment());
            other.poll(STEP);
            assertEquals(2, other.assignment().size());
            try (var usurper = client.groupConsumer(options().instanceId("one").build())) {
                joined(usurper, 2);
                assertThrows(MemberFencedException.class, () -> joinedAndRead(returned));
                assertThrows(MemberFencedException.class, () -> returned.poll(STEP));
                assertThrows(MemberFencedException.class, returned::commit);
                assertThrows(MemberFencedException.class, () -> returned.commit(Map.of()));
                returned.close();
                usurper.poll(STEP);
                assertEquals(kept, usurper.assignment());
            }
        }
    }

    @Test
    void aProcessorCommitsWhatItsHandlerHasDealtWith() throws Exception {
        create(1);
        write(1, 0, 10);
        var seen = new CopyOnWriteArrayList<String>();
        var processor = client.process(options().maxPollRecords(4).build(), (records, consumer) -> {
            if (seen.size() >= 4) {
                throw new IllegalArgumentException("cannot deal with it");
            }
            seen.addAll(values(records));
        });
        var failure =
                assertThrows(ExecutionException.class, () -> processor.ended().get(20, TimeUnit.SECONDS));
        assertTrue(failure.toString().contains("cannot deal with it"), failure.toString());
        awaitCommitted(0, 4);
        try (var next = client.process(options().build(), (records, consumer) -> seen.addAll(values(records)))) {
            await(() -> seen.size() >= 10);
            assertFalse(next.ended().isDone());
        }
        assertEquals(IntStream.range(0, 10).mapToObj(i -> "0-" + i).toList(), seen);
        awaitCommitted(0, 10);
    }

    @Test
    void whatAListenerThrowsThePollThrows() {
        create(1);
        write(1, 0, 3);
        var listener = new RebalanceListener() {
            private Optional<Throwable> nested = Optional.empty();

            @Override
            public void onAssigned(GroupConsumer consumer, Set<PartitionRef> partitions) {
                nested = Optional.of(assertThrows(IllegalStateException.class, () -> consumer.poll(STEP)));
                throw new IllegalArgumentException("not ready");
            }
        };
        try (var consumer = client.groupConsumer(options().listener(listener).build())) {
            assertEquals(
                    "not ready",
                    assertThrows(IllegalArgumentException.class, () -> joinedAndRead(consumer))
                            .getMessage());
            assertTrue(listener.nested.isPresent());
            assertEquals(3, read(consumer, 3).size(), "the partition is there all the same");
        }
    }

    /// Ranges put the same numbers of all topics together, and the first numbers come first.
    @Test
    void membersThatAskForRangesGetThem() {
        create(4);
        client.admin().createTopic(new NewTopic(topic + "-too", 4, 1, Map.of()));
        var options = options().topic(topic + "-too").assignor(Assignor.RANGE);
        try (var first = client.groupConsumer(options.build());
                var second = client.groupConsumer(options.build())) {
            await(() -> {
                first.poll(STEP);
                second.poll(STEP);
                return first.assignment().size() == 4 && second.assignment().size() == 4;
            });
            assertEquals(Set.of(bothTopics(0, 1), bothTopics(2, 3)), Set.of(first.assignment(), second.assignment()));
        }
    }

    private Set<PartitionRef> bothTopics(int one, int other) {
        return Set.of(
                partition(one),
                partition(other),
                new PartitionRef(topic + "-too", one),
                new PartitionRef(topic + "-too", other));
    }

    @Test
    void aGroupThatCannotBeIsRefused() {
        try (var consumer = client.groupConsumer(
                GroupOptions.builder("odd").topicPattern("(").build())) {
            var refused = assertThrows(WeirlogException.class, () -> joinedAndRead(consumer));
            assertEquals(io.grpc.Status.Code.INVALID_ARGUMENT, refused.code(), refused.getMessage());
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> GroupOptions.builder("nothing").build());
        var builder = GroupOptions.builder("x");
        assertThrows(IllegalArgumentException.class, () -> builder.start(StartAt.offset(3)));
    }
}
