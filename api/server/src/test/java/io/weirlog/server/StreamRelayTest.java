package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.stub.StreamObserver;
import io.weirlog.record.RecordBatch;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.Assign;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumedRecord;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Credit;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.Pause;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Routing;
import io.weirlog.v1.Seek;
import io.weirlog.v1.StartPosition;
import io.weirlog.v1.Unassign;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Streams to one broker of three, over partitions that others lead: partition 0 of the topic is led by broker 1, 1 by
/// 2,
/// 2 by 3.
@Timeout(120)
class StreamRelayTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 3;
    private static final Credit PLENTY =
            Credit.newBuilder().setRecords(1_000_000).setBytes(1 << 30).build();

    private TestCluster cluster;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        cluster = new TestCluster(folder, 3, 1).with(ConfigKeys.AUTO_LEADER_REBALANCE_ENABLE, "false");
        cluster.start(1, 2, 3);
        create(TOPIC);
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private void create(String topic) {
        cluster.node(1)
                .admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .addReplicas(replicas(1, 2, 3))
                        .addReplicas(replicas(2, 3, 1))
                        .addReplicas(replicas(3, 2, 1))
                        .build());
    }

    private static Replicas replicas(Integer... brokers) {
        return Replicas.newBuilder().addAllBrokerIds(List.of(brokers)).build();
    }

    private final class Producing {
        final StreamProbe<ProduceResponse> responses = new StreamProbe<>();
        final StreamObserver<ProduceRequest> requests;

        Producing(int node) throws InterruptedException {
            requests = ProducerServiceGrpc.newStub(cluster.node(node).channel).produce(responses);
            requests.onNext(ProduceRequest.newBuilder()
                    .setInitial(ProduceInitial.getDefaultInstance())
                    .build());
            assertTrue(responses.next().hasInitial());
        }

        void append(long id, int partition, String... values) {
            requests.onNext(ProduceRequest.newBuilder()
                    .setAppend(ProduceAppend.newBuilder()
                            .setCorrelationId(id)
                            .setTopic(TOPIC)
                            .setPartition(partition)
                            .setRecords(TestNode.records(values)))
                    .build());
        }
    }

    private final class Consuming {
        final StreamProbe<ConsumeResponse> responses = new StreamProbe<>();
        final StreamObserver<ConsumeRequest> requests;
        final Map<Integer, Integer> partitions = new HashMap<>();
        final Map<Integer, List<String>> values = new HashMap<>();
        Assigned assigned = Assigned.getDefaultInstance();

        Consuming(int node) {
            requests = ConsumerServiceGrpc.newStub(cluster.node(node).channel).consume(responses);
        }

        Consuming begin(ConsumeInitial.Builder initial) throws InterruptedException {
            requests.onNext(ConsumeRequest.newBuilder().setInitial(initial).build());
            assertTrue(responses.next().hasInitial());
            awaitAssigned();
            return this;
        }

        void awaitAssigned() throws InterruptedException {
            assigned = responses.next(ConsumeResponse::hasAssigned).getAssigned();
            assigned.getPartitionsList().forEach(each -> partitions.put(each.getAssignment(), each.getPartition()));
        }

        Batch batch() throws InterruptedException {
            var batch = responses.next(ConsumeResponse::hasBatch).getBatch();
            batch.getRecords()
                    .getRecordsList()
                    .forEach(record -> values.computeIfAbsent(
                                    partitions.get(batch.getAssignment()), _ -> new ArrayList<>())
                            .add(record.getValue().toStringUtf8()));
            return batch;
        }

        /// Reads on until so many records of the partition have come.
        List<String> read(int partition, int count) throws InterruptedException {
            while (values.getOrDefault(partition, List.of()).size() < count) {
                batch();
            }
            return values.getOrDefault(partition, List.of());
        }

        int assignment(int partition) {
            return partitions.entrySet().stream()
                    .filter(each -> each.getValue() == partition)
                    .mapToInt(Map.Entry::getKey)
                    .max()
                    .orElseThrow();
        }

        void send(ConsumeRequest.Builder request) {
            requests.onNext(request.build());
        }
    }

    private static ConsumeInitial.Builder whole() {
        return ConsumeInitial.newBuilder()
                .setPartitions(ExplicitPartitions.newBuilder()
                        .addPartitions(ExplicitPartition.newBuilder().setTopic(TOPIC)))
                .setCredit(PLENTY);
    }

    private static List<String> numbered(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }

    private void write(int partition, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(cluster.node(1)
                    .append(TOPIC, partition, prefix + i)
                    .getFirst()
                    .hasAppended());
        }
    }

    @Test
    void oneProduceStreamWritesToAllLeadersInOrder() throws InterruptedException {
        for (int node = 1; node <= 3; node++) {
            var stream = new Producing(node);
            for (int i = 0; i < 600; i++) {
                stream.append(i, i % PARTITIONS, "v" + i);
            }
            var last = new long[] {-1, -1, -1};
            for (int i = 0; i < 600; i++) {
                var result = stream.responses.next(ProduceResponse::hasResult).getResult();
                assertTrue(result.hasAppended(), result::toString);
                assertEquals(result.getPartition() + 1, result.getLeader().getBrokerId());
                assertTrue(result.getCorrelationId() > last[result.getPartition()]);
                last[result.getPartition()] = result.getCorrelationId();
            }
            stream.requests.onCompleted();
            stream.responses.completion();
        }
        for (int partition = 0; partition < PARTITIONS; partition++) {
            int first = partition;
            var once =
                    IntStream.range(0, 200).mapToObj(i -> "v" + (first + 3 * i)).toList();
            var read = cluster.node(1).values(TOPIC, partition);
            assertEquals(once, read.subList(0, 200));
            assertEquals(600, read.size());
        }
    }

    @Test
    void aProduceStreamOutlivesTheLeadersThatStop() throws InterruptedException {
        var stream = new Producing(1);
        int sent = 0;
        int answered = 0;
        for (; sent < 100; sent++) {
            stream.append(sent, 2, "v" + sent);
        }
        cluster.stop(3);
        for (; sent < 200; sent++) {
            stream.append(sent, 2, "v" + sent);
        }
        await(() -> leaderOf(2) == 2);
        for (; sent < 300; sent++) {
            stream.append(sent, 2, "v" + sent);
        }
        List<String> acknowledged = new ArrayList<>();
        for (; answered < 300; answered++) {
            var result = stream.responses.next(ProduceResponse::hasResult).getResult();
            assertEquals(answered, result.getCorrelationId());
            if (result.hasAppended()) {
                acknowledged.add("v" + answered);
            } else {
                // The leader gave its partition away before the append was replicated.
                assertEquals(
                        AppendOutcome.APPEND_OUTCOME_UNKNOWN,
                        result.getFailure().getOutcome(),
                        result::toString);
            }
        }
        var read = cluster.node(2).values(TOPIC, 2);
        assertTrue(acknowledged.contains("v299"));
        assertTrue(read.containsAll(acknowledged));
        var inOrder = numbered("v", 300).stream().filter(read::contains).toList();
        assertEquals(inOrder, read);
    }

    @Test
    void oneConsumeStreamReadsFromAllLeaders() throws InterruptedException {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            write(partition, "p" + partition + "-", 5);
        }
        for (int node = 1; node <= 3; node++) {
            var stream = new Consuming(node).begin(whole());
            assertEquals(PARTITIONS, stream.assigned.getPartitionsCount());
            var ended = new HashSet<Integer>();
            while (ended.size() < PARTITIONS) {
                var response = stream.responses.next();
                if (response.hasBatch()) {
                    response.getBatch()
                            .getRecords()
                            .getRecordsList()
                            .forEach(record -> stream.values
                                    .computeIfAbsent(
                                            stream.partitions.get(
                                                    response.getBatch().getAssignment()),
                                            _ -> new ArrayList<>())
                                    .add(record.getValue().toStringUtf8()));
                } else if (response.hasEndOfPartition()) {
                    assertEquals(5, response.getEndOfPartition().getNextOffset());
                    ended.add(response.getEndOfPartition().getAssignment());
                }
            }
            for (int partition = 0; partition < PARTITIONS; partition++) {
                assertEquals(numbered("p" + partition + "-", 5), stream.values.get(partition));
            }
            stream.requests.onCompleted();
            stream.responses.completion();
        }
        var stream = new Consuming(1).begin(whole().setStart(latest()));
        assertEquals(
                List.of(5L, 5L, 5L),
                stream.assigned.getPartitionsList().stream()
                        .map(each -> each.getStartOffset())
                        .toList());
        write(2, "new", 3);
        assertEquals(numbered("new", 3), stream.read(2, 3));
    }

    private static StartPosition latest() {
        return StartPosition.newBuilder()
                .setLatest(StartPosition.Latest.getDefaultInstance())
                .build();
    }

    @Test
    void encodedBatchesComeAsTheyLieInTheLog() throws InterruptedException {
        write(1, "v", 3);
        var stream = new Consuming(3).begin(whole().setForm(RecordForm.RECORD_FORM_BATCHES));
        long next = 0;
        while (next < 3) {
            var batch = stream.batch();
            assertEquals(next, batch.getBaseOffset());
            var bytes = batch.getBatches().asReadOnlyByteBuffer();
            assertEquals(next, RecordBatch.of(bytes).baseOffset());
            next = batch.getNextOffset();
        }
        assertEquals(3, next);
    }

    @Test
    void creditsAndPositionsAreAsIfTheBrokerLedThePartition() throws InterruptedException {
        write(2, "v", 10);
        var stream = new Consuming(1).begin(whole().clearCredit());
        assertTrue(stream.responses.isSilentFor(200));
        stream.send(credit(4, 1 << 20));
        assertEquals(numbered("v", 4), stream.read(2, 4));
        assertTrue(stream.responses.isSilentFor(200));
        stream.send(credit(1_000, 1 << 20));
        stream.read(2, 10);
        int assignment = stream.assignment(2);
        stream.send(seek(assignment, 7, StartPosition.newBuilder().setOffset(8)));
        var sought = stream.responses
                .next(response -> response.hasBatch() && response.getBatch().getSeekId() == 7)
                .getBatch();
        assertEquals(8, sought.getBaseOffset());
        stream.send(ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAssignments(assignment)));
        // Answered after the pause was done.
        stream.send(seek(99, 8, StartPosition.newBuilder().setOffset(0)));
        stream.responses.next(ConsumeResponse::hasProblem);
        write(2, "w", 2);
        assertTrue(stream.responses.isSilentFor(300));
        stream.send(ConsumeRequest.newBuilder().setResume(Resume.newBuilder().addAssignments(assignment)));
        assertEquals(10, stream.batch().getBaseOffset());
        stream.send(seek(assignment, 9, StartPosition.newBuilder().setOffset(1_000)));
        var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
        assertEquals(
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                problem.getProblem().getReason());
        assertEquals(assignment, problem.getAssignment());
    }

    private static ConsumeRequest.Builder credit(long records, long bytes) {
        return ConsumeRequest.newBuilder()
                .setCredit(Credit.newBuilder().setRecords(records).setBytes(bytes));
    }

    private static ConsumeRequest.Builder seek(int assignment, long id, StartPosition.Builder position) {
        return ConsumeRequest.newBuilder()
                .setSeek(Seek.newBuilder()
                        .setAssignment(assignment)
                        .setSeekId(id)
                        .setPosition(position));
    }

    @Test
    void timesAreLookedUpAtTheLeader() throws InterruptedException {
        for (int i = 1; i <= 3; i++) {
            var append = AppendRequest.newBuilder().setTopic(TOPIC).setPartition(1);
            append.getRecordsBuilder()
                    .addRecordsBuilder()
                    .setValue(ByteString.copyFromUtf8("t" + i))
                    .setTimestamp(Timestamp.newBuilder().setSeconds(1_000L * i));
            cluster.node(1).producer().append(append.build());
        }
        var stream = new Consuming(3).begin(whole().setStart(at(1_500)));
        assertEquals(1, stream.assigned.getPartitions(1).getStartOffset());
        assertEquals(List.of("t2", "t3"), stream.read(1, 2));
        stream.send(seek(stream.assignment(1), 1, at(3_000).toBuilder()));
        assertEquals(
                2,
                stream.responses
                        .next(response -> response.getBatch().getSeekId() == 1)
                        .getBatch()
                        .getBaseOffset());
        var young = new Consuming(3).begin(whole().setStart(at(9_000)));
        assertEquals(3, young.assigned.getPartitions(1).getStartOffset());
    }

    private static StartPosition at(long seconds) {
        return StartPosition.newBuilder()
                .setTimestamp(Timestamp.newBuilder().setSeconds(seconds))
                .build();
    }

    @Test
    void partitionsComeAndGoWhileTheStreamLives() throws InterruptedException {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            write(partition, "v", 2);
        }
        var stream = new Consuming(1)
                .begin(ConsumeInitial.newBuilder()
                        .setPartitions(ExplicitPartitions.newBuilder().addPartitions(partition(1)))
                        .setCredit(PLENTY));
        stream.read(1, 2);
        stream.send(ConsumeRequest.newBuilder()
                .setAssign(Assign.newBuilder()
                        .addPartitions(
                                partition(2).setStart(StartPosition.newBuilder().setOffset(1)))
                        .addPartitions(partition(0))));
        stream.awaitAssigned();
        assertEquals(
                List.of(2, 0),
                stream.assigned.getPartitionsList().stream()
                        .map(each -> each.getPartition())
                        .toList());
        assertEquals(List.of("v1"), stream.read(2, 1));
        assertEquals(List.of("v0", "v1"), stream.read(0, 2));
        int left = stream.assignment(1);
        stream.send(
                ConsumeRequest.newBuilder().setUnassign(Unassign.newBuilder().addAssignments(left)));
        stream.send(
                ConsumeRequest.newBuilder().setUnassign(Unassign.newBuilder().addAssignments(left)));
        assertEquals(
                left,
                stream.responses.next(ConsumeResponse::hasProblem).getProblem().getAssignment());
        write(1, "w", 1);
        write(2, "w", 1);
        assertEquals(List.of("v1", "w0"), stream.read(2, 2));
        assertEquals(List.of("v0", "v1"), stream.values.get(1));
        stream.send(ConsumeRequest.newBuilder().setAssign(Assign.newBuilder().addPartitions(partition(1))));
        stream.awaitAssigned();
        assertFalse(stream.assignment(1) == left, "a number is used once");
        assertEquals(List.of("v0", "v1", "v0", "v1", "w0"), stream.read(1, 5));
    }

    private static ExplicitPartition.Builder partition(int number) {
        return ExplicitPartition.newBuilder().setTopic(TOPIC).setPartition(number);
    }

    @Test
    void aLeaderThatStopsCostsAReaderNoMoreThanAPause() throws InterruptedException {
        var stream = new Consuming(1).begin(whole());
        write(2, "a", 20);
        stream.read(2, 20);
        cluster.stop(3);
        write(2, "b", 20);
        var read = stream.read(2, 40);
        assertEquals(numbered("a", 20), read.subList(0, 20));
        assertEquals(numbered("b", 20), read.subList(20, 40));
        cluster.start(3);
        cluster.stop(2);
        write(1, "c", 5);
        write(2, "c", 5);
        assertEquals(numbered("c", 5), stream.read(2, 45).subList(40, 45));
        assertEquals(numbered("c", 5), stream.read(1, 5));
    }

    @Test
    void aTopicThatIsDeletedIsToldAndTheOthersGoOn() throws InterruptedException {
        create("other");
        var stream = new Consuming(1)
                .begin(ConsumeInitial.newBuilder()
                        .setPartitions(ExplicitPartitions.newBuilder()
                                .addPartitions(partition(1))
                                .addPartitions(ExplicitPartition.newBuilder()
                                        .setTopic("other")
                                        .setPartition(1)))
                        .setCredit(PLENTY));
        stream.responses.next(ConsumeResponse::hasEndOfPartition);
        stream.responses.next(ConsumeResponse::hasEndOfPartition);
        cluster.node(1)
                .admin()
                .deleteTopic(DeleteTopicRequest.newBuilder().setName("other").build());
        var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
        assertEquals(
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, problem.getProblem().getReason(), problem::toString);
        assertEquals(2, problem.getAssignment());
        write(1, "v", 1);
        assertEquals("v0", value(stream.batch()));
    }

    private static String value(Batch batch) {
        return batch.getRecords().getRecordsList().stream()
                .map(ConsumedRecord::getValue)
                .findFirst()
                .orElseThrow()
                .toStringUtf8();
    }

    @Test
    void whoReadsFromLeadersOnlyIsSentToThem() throws InterruptedException {
        var stream = new Consuming(1).begin(whole().setRouting(Routing.ROUTING_LEADER_ONLY));
        for (int i = 0; i < 2; i++) {
            var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
            assertEquals(
                    ErrorReason.ERROR_REASON_NOT_LEADER, problem.getProblem().getReason());
        }
        assertTrue(stream.responses.isSilentFor(200) || leaderOf(0) == 1);
    }

    private int leaderOf(int partition) {
        return cluster.node(1)
                .admin()
                .describeTopic(DescribeTopicRequest.newBuilder().setName(TOPIC).build())
                .getTopic()
                .getPartitions(partition)
                .getLeader()
                .getBrokerId();
    }

    private static void await(BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNanos, "it did not come to that");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
