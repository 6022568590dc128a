package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.weirlog.internal.v1.Caller;
import io.weirlog.record.Compression;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.Routing;
import io.weirlog.v1.StartPosition;
import io.weirlog.wire.Problems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Single calls, to brokers that do not lead the partitions: partition 0 of the topic is led by broker 1, 1 by 2, 2 by
/// 3.
@Timeout(120)
class RelayTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 3;

    private TestCluster cluster;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        // Leaders that come back do not get their partitions back: the test says who leads.
        cluster = new TestCluster(folder, 3, 1).with(ConfigKeys.AUTO_LEADER_REBALANCE_ENABLE, "false");
        cluster.start(1, 2, 3);
        cluster.node(1)
                .admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(TOPIC)
                        .addReplicas(replicas(1, 2, 3))
                        .addReplicas(replicas(2, 3, 1))
                        .addReplicas(replicas(3, 2, 1))
                        .build());
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static Replicas replicas(Integer... brokers) {
        return Replicas.newBuilder().addAllBrokerIds(List.of(brokers)).build();
    }

    private static FetchRequest.Builder fetchAll(long... offsets) {
        var request = FetchRequest.newBuilder();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            request.addPartitions(FetchPartition.newBuilder()
                    .setTopic(TOPIC)
                    .setPartition(partition)
                    .setOffset(offsets.length == 0 ? 0 : offsets[partition]));
        }
        return request;
    }

    private FetchResponse fetch(int node, FetchRequest.Builder request) {
        return cluster.node(node).consumer().fetch(request.build());
    }

    private static List<String> values(FetchResponse response) {
        return response.getPartitionsList().stream()
                .flatMap(partition -> partition.getRecords().getRecordsList().stream())
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    @Test
    void anyBrokerTakesAppendsForAnyPartition() {
        for (int node = 1; node <= 3; node++) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                var result = cluster.node(node)
                        .append(TOPIC, partition, "a", "b" + node)
                        .getFirst();
                assertTrue(result.hasAppended(), result::toString);
                assertEquals(2L * (node - 1), result.getAppended().getBaseOffset());
                assertEquals(partition + 1, result.getLeader().getBrokerId());
                assertEquals(
                        cluster.node(partition + 1).node.clientAddress(),
                        result.getLeader().getAddress());
                assertEquals(3, result.getAppended().getAcknowledgedBy());
            }
        }
        for (int node = 1; node <= 3; node++) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                assertEquals(
                        List.of("a", "b1", "a", "b2", "a", "b3"),
                        cluster.node(node).values(TOPIC, partition));
            }
        }
    }

    /// They share a stream to the leader, which must not end with the call that opened it.
    @Test
    void singleAppendsDoNotEndWithOneAnother() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var appends = IntStream.range(0, 400)
                    .mapToObj(i -> executor.submit(
                            () -> cluster.node(1).append(TOPIC, 1, "v" + i).getFirst()))
                    .toList();
            for (var append : appends) {
                var result = append.get(30, TimeUnit.SECONDS);
                assertTrue(result.hasAppended(), result::toString);
            }
        }
    }

    @Test
    void recordsOfOneRequestGoToSeveralLeaders() {
        var request = AppendRequest.newBuilder().setTopic(TOPIC);
        IntStream.range(0, 30)
                .forEach(i -> request.getRecordsBuilder()
                        .addRecordsBuilder()
                        .setKey(ByteString.copyFromUtf8("key" + i))
                        .setValue(ByteString.copyFromUtf8("value" + i)));
        var results = cluster.node(1).producer().append(request.build()).getResultsList();
        assertEquals(
                List.of(0, 1, 2),
                results.stream().map(AppendResult::getPartition).toList());
        Set<Integer> indexes = new HashSet<>();
        results.forEach(result -> {
            assertTrue(result.hasAppended(), result::toString);
            assertEquals(result.getAppended().getRecordCount(), result.getRecordIndexesCount());
            indexes.addAll(result.getRecordIndexesList());
        });
        assertEquals(30, indexes.size());
        assertEquals(30, values(fetch(2, fetchAll())).size());
    }

    @Test
    void encodedBatchesPassThroughBothWays() {
        var batch = TestNode.batch(Compression.ZSTD, "one", "two");
        var result = cluster.node(1)
                .producer()
                .append(AppendRequest.newBuilder()
                        .setTopic(TOPIC)
                        .setPartition(1)
                        .setBatch(ByteString.copyFrom(batch.duplicate()))
                        .build())
                .getResults(0);
        assertEquals(2, result.getAppended().getRecordCount(), result::toString);
        var request = FetchRequest.newBuilder()
                .setForm(RecordForm.RECORD_FORM_BATCHES)
                .addPartitions(FetchPartition.newBuilder().setTopic(TOPIC).setPartition(1));
        var direct = fetch(2, request).getPartitions(0).getBatches();
        assertEquals(batch.remaining(), direct.size());
        assertEquals(direct, fetch(1, request).getPartitions(0).getBatches());
        assertEquals(direct, fetch(3, request).getPartitions(0).getBatches());
    }

    @Test
    void whatTheLeaderRefusesIsToldAsItIs() {
        assertTrue(cluster.node(2).append(TOPIC, 1, "first").getFirst().hasAppended());
        var unexpected = AppendRequest.newBuilder()
                .setTopic(TOPIC)
                .setPartition(1)
                .setExpectedBaseOffset(7)
                .setRecords(TestNode.records("x"))
                .build();
        var problem = Problems.fromThrowable(assertThrows(
                StatusRuntimeException.class, () -> cluster.node(1).producer().append(unexpected)));
        assertEquals(ErrorReason.ERROR_REASON_UNEXPECTED_OFFSET, problem.getReason(), problem::toString);
        assertEquals("1", problem.getMetadataOrThrow("log_end_offset"));
        assertEquals("NOT_APPENDED", problem.getMetadataOrThrow(Problems.OUTCOME_KEY));
        var beyond = fetch(
                        1,
                        FetchRequest.newBuilder()
                                .addPartitions(FetchPartition.newBuilder()
                                        .setTopic(TOPIC)
                                        .setPartition(1)
                                        .setOffset(99)))
                .getPartitions(0);
        assertEquals(
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                beyond.getProblem().getReason());
    }

    @Test
    void whoAsksLeadersOnlyIsSentToThem() {
        for (int partition = 1; partition < PARTITIONS; partition++) {
            int number = partition;
            var refused = Problems.fromThrowable(assertThrows(
                    StatusRuntimeException.class, () -> cluster.node(1).appendToLeader(TOPIC, number, "x")));
            assertNotLeader(refused, partition);
        }
        var fetched = fetch(1, fetchAll().setRouting(Routing.ROUTING_LEADER_ONLY));
        assertFalse(fetched.getPartitions(0).hasProblem());
        assertNotLeader(fetched.getPartitions(1).getProblem(), 1);
        var listed = cluster.node(1)
                .consumer()
                .listOffsets(latest().setRouting(Routing.ROUTING_LEADER_ONLY).build());
        assertNotLeader(listed.getOffsets(2).getProblem(), 2);
    }

    private void assertNotLeader(Problem problem, int partition) {
        assertEquals(ErrorReason.ERROR_REASON_NOT_LEADER, problem.getReason(), problem::toString);
        assertEquals(cluster.node(partition + 1).node.clientAddress(), problem.getMetadataOrThrow("leader_address"));
    }

    private static ListOffsetsRequest.Builder latest() {
        var request = ListOffsetsRequest.newBuilder();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            request.addPartitions(ListOffsetsPartition.newBuilder()
                    .setTopic(TOPIC)
                    .setPartition(partition)
                    .setPosition(StartPosition.newBuilder().setLatest(StartPosition.Latest.getDefaultInstance())));
        }
        return request;
    }

    @Test
    void readsOfManyLeadersComeInTheOrderAskedFor() {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            for (int i = 0; i <= partition; i++) {
                assertTrue(cluster.node(1)
                        .append(TOPIC, partition, "p" + partition)
                        .getFirst()
                        .hasAppended());
            }
        }
        for (int node = 1; node <= 3; node++) {
            var mixed = FetchRequest.newBuilder();
            for (var partition : List.of(2, 0, 1, 2, 9)) {
                mixed.addPartitions(FetchPartition.newBuilder().setTopic(TOPIC).setPartition(partition));
            }
            var fetched = fetch(node, mixed);
            assertEquals(
                    List.of("p2", "p2", "p2", "p0", "p1", "p1", "p2", "p2", "p2"), values(fetched), "broker " + node);
            assertEquals(
                    ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
                    fetched.getPartitions(4).getProblem().getReason());
            assertEquals(3, fetched.getPartitions(0).getLeader().getBrokerId());
            assertEquals(3, fetched.getPartitions(0).getHighWatermark());
            var listed =
                    cluster.node(node).consumer().listOffsets(latest().build()).getOffsetsList();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                assertEquals(partition + 1, listed.get(partition).getOffset());
                assertEquals(partition + 1, listed.get(partition).getLeader().getBrokerId());
            }
        }
    }

    @Test
    void anAnswerKeepsToItsBytesWhoeverSendsThem() {
        var big = "x".repeat(40_000);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            for (int i = 0; i < 4; i++) {
                cluster.node(1).append(TOPIC, partition, big);
            }
        }
        var fetched = fetch(1, fetchAll().setMaxBytes(100_000).setForm(RecordForm.RECORD_FORM_BATCHES));
        var bytes = fetched.getPartitionsList().stream()
                .mapToInt(partition -> partition.getBatches().size())
                .sum();
        assertTrue(bytes > 40_000 && bytes <= 100_000, () -> bytes + " bytes");
        for (var partition : fetched.getPartitionsList()) {
            assertEquals(
                    partition.getBatches().isEmpty(),
                    partition.getNextOffset() == 0,
                    "what was left out is still to be read");
        }
    }

    @Test
    void whoWaitsIsWokenByALeaderElsewhere() throws Exception {
        var one = FetchRequest.newBuilder()
                .addPartitions(FetchPartition.newBuilder().setTopic(TOPIC).setPartition(2))
                .setMinBytes(1)
                .setMaxWait(Duration.newBuilder().setSeconds(20));
        var waitingForOne = CompletableFuture.supplyAsync(() -> fetch(1, one));
        var all = fetchAll().setMinBytes(1).setMaxWait(Duration.newBuilder().setSeconds(20));
        var waitingForAny = CompletableFuture.supplyAsync(() -> fetch(2, all));
        assertThrows(TimeoutException.class, () -> waitingForAny.get(300, TimeUnit.MILLISECONDS));
        cluster.node(1).append(TOPIC, 2, "news");
        assertEquals(List.of("news"), values(waitingForOne.get(10, TimeUnit.SECONDS)));
        assertEquals(List.of("news"), values(waitingForAny.get(10, TimeUnit.SECONDS)));
    }

    @Test
    void whoWaitsInVainIsAnsweredWhenTheTimeIsOver() {
        var begun = System.nanoTime();
        var wait = Duration.newBuilder().setNanos(300_000_000);
        for (int node = 1; node <= 3; node++) {
            var fetched = fetch(node, fetchAll().setMinBytes(1).setMaxWait(wait));
            assertEquals(List.of(), values(fetched));
            assertTrue(fetched.getPartitionsList().stream().noneMatch(each -> each.hasProblem()), fetched::toString);
        }
        var tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        assertTrue(tookMillis >= 900 && tookMillis < 10_000, () -> tookMillis + " ms");
    }

    @Test
    void aLeaderThatStopsCostsAWriterNoMoreThanAPause() throws Exception {
        int leader = 3;
        var stop = new AtomicBoolean();
        List<String> acknowledged = new ArrayList<>();
        Set<String> unknown = new HashSet<>();
        var writer = CompletableFuture.runAsync(
                () -> {
                    for (int i = 0; !stop.get(); i++) {
                        try {
                            cluster.node(1).append(TOPIC, leader - 1, "v" + i);
                            acknowledged.add("v" + i);
                        } catch (StatusRuntimeException e) {
                            // What was under way when its leader went may be there or not: nobody knows.
                            assertEquals(
                                    Optional.of(AppendOutcome.APPEND_OUTCOME_UNKNOWN),
                                    Problems.outcome(Problems.fromThrowable(e)));
                            unknown.add("v" + i);
                        }
                    }
                },
                task -> Thread.ofPlatform().start(task));
        await(() -> leaderOf(leader - 1) == leader);
        cluster.stop(leader);
        await(() -> leaderOf(leader - 1) != leader);
        assertTrue(
                cluster.node(2).append(TOPIC, leader - 1, "from 2").getFirst().hasAppended());
        stop.set(true);
        writer.get(30, TimeUnit.SECONDS);
        assertTrue(unknown.size() <= 3, unknown::toString);
        assertEquals(
                acknowledged,
                readAll(leader - 1).stream()
                        .filter(value -> value.startsWith("v") && !unknown.contains(value))
                        .toList());
    }

    private List<String> readAll(int partition) {
        List<String> values = new ArrayList<>();
        for (long offset = 0; ; ) {
            var found = cluster.node(1).fetch(TOPIC, partition, offset);
            assertFalse(found.hasProblem(), found::toString);
            if (found.getRecords().getRecordsCount() == 0) {
                return values;
            }
            found.getRecords()
                    .getRecordsList()
                    .forEach(record -> values.add(record.getValue().toStringUtf8()));
            offset = found.getNextOffset();
        }
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

    /// What reaches a broker on the port for nodes is never passed on, whatever it asks for.
    @Test
    void noRequestIsPassedOnTwice() {
        int port = cluster.config(1).network().internalPort();
        var channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        try {
            var request = AppendRequest.newBuilder()
                    .setTopic(TOPIC)
                    .setPartition(1)
                    .setRouting(Routing.ROUTING_ANY)
                    .setRecords(TestNode.records("x"))
                    .build();
            assertEquals(
                    ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    append(channel, request).getReason());
            assertEquals(
                    ErrorReason.ERROR_REASON_NODE_MISMATCH,
                    append(called(channel, 2), request).getReason());
            assertNotLeader(append(called(channel, 1), request), 1);
            var fetched = ConsumerServiceGrpc.newBlockingStub(called(channel, 1))
                    .fetch(fetchAll().build());
            assertFalse(fetched.getPartitions(0).hasProblem());
            assertNotLeader(fetched.getPartitions(1).getProblem(), 1);
            var listed = ConsumerServiceGrpc.newBlockingStub(called(channel, 1)).listOffsets(latest().build());
            assertNotLeader(listed.getOffsets(2).getProblem(), 2);
        } finally {
            channel.shutdownNow();
        }
    }

    private static Problem append(Channel channel, AppendRequest request) {
        return Problems.fromThrowable(assertThrows(
                StatusRuntimeException.class,
                () -> ProducerServiceGrpc.newBlockingStub(channel).append(request)));
    }

    private static Channel called(ManagedChannel channel, int node) {
        var headers = new Metadata();
        headers.put(
                Metadata.Key.of("weirlog-caller-bin", Metadata.BINARY_BYTE_MARSHALLER),
                Caller.newBuilder()
                        .setClusterId("test-cluster")
                        .setFromNodeId(3)
                        .setToNodeId(node)
                        .build()
                        .toByteArray());
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }
}
