package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import io.grpc.stub.StreamObserver;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Credit;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.Seek;
import io.weirlog.v1.StartPosition;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Streams to one broker of three, over partitions that others lead: partition 0 of the topic is led by broker 1,
/// partition 1 by broker 2, and partition 2 by broker 3.
@Timeout(120)
abstract class StreamRelay {
    static final String TOPIC = "orders";
    static final int PARTITIONS = 3;
    static final Credit PLENTY =
            Credit.newBuilder().setRecords(1_000_000).setBytes(1 << 30).build();

    TestCluster cluster;

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

    void create(String topic) {
        cluster.node(1)
                .admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .addReplicas(replicas(1, 2, 3))
                        .addReplicas(replicas(2, 3, 1))
                        .addReplicas(replicas(3, 2, 1))
                        .build());
    }

    static Replicas replicas(Integer... brokers) {
        return Replicas.newBuilder().addAllBrokerIds(List.of(brokers)).build();
    }

    final class Producing {
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

    final class Consuming {
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

    static ConsumeInitial.Builder whole() {
        return ConsumeInitial.newBuilder()
                .setPartitions(ExplicitPartitions.newBuilder()
                        .addPartitions(ExplicitPartition.newBuilder().setTopic(TOPIC)))
                .setCredit(PLENTY);
    }

    static List<String> numbered(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }

    void write(int partition, String prefix, int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(cluster.node(1)
                    .append(TOPIC, partition, prefix + i)
                    .getFirst()
                    .hasAppended());
        }
    }

    static ConsumeRequest.Builder credit(long records, long bytes) {
        return ConsumeRequest.newBuilder()
                .setCredit(Credit.newBuilder().setRecords(records).setBytes(bytes));
    }

    static ConsumeRequest.Builder seek(int assignment, long id, StartPosition.Builder position) {
        return ConsumeRequest.newBuilder()
                .setSeek(Seek.newBuilder()
                        .setAssignment(assignment)
                        .setSeekId(id)
                        .setPosition(position));
    }

    static StartPosition at(long seconds) {
        return StartPosition.newBuilder()
                .setTimestamp(Timestamp.newBuilder().setSeconds(seconds))
                .build();
    }

    static ExplicitPartition.Builder partition(int number) {
        return ExplicitPartition.newBuilder().setTopic(TOPIC).setPartition(number);
    }

    int leaderOf(int partition) {
        return cluster.node(1)
                .admin()
                .describeTopic(DescribeTopicRequest.newBuilder().setName(TOPIC).build())
                .getTopic()
                .getPartitions(partition)
                .getLeader()
                .getBrokerId();
    }
}
