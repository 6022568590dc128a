package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.QuorumServiceGrpc;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.v1.Routing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A real node in this process, and the generated stubs connected to it over loopback.
final class TestNode implements AutoCloseable {
    private static final long DEADLINE_SECONDS = 30;

    final Node node;
    final ManagedChannel channel;

    private TestNode(Node node) {
        this.node = node;
        this.channel = NettyChannelBuilder.forAddress("127.0.0.1", node.clientPort())
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build();
    }

    static TestNode start(Path dataDir) throws NodeStartException {
        return start(NodeConfig.embedded(dataDir));
    }

    static TestNode start(NodeConfig config) throws NodeStartException {
        return new TestNode(Node.start(config));
    }

    ClusterServiceGrpc.ClusterServiceBlockingStub cluster() {
        return ClusterServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    ProducerServiceGrpc.ProducerServiceBlockingStub producer() {
        return ProducerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    ConsumerServiceGrpc.ConsumerServiceBlockingStub consumer() {
        return ConsumerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    AdminServiceGrpc.AdminServiceBlockingStub admin() {
        return AdminServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    GroupsServiceGrpc.GroupsServiceBlockingStub groups() {
        return GroupsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    QuorumServiceGrpc.QuorumServiceBlockingStub quorum() {
        return QuorumServiceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    void createTopic(String name, int partitions, Map<String, String> configs) {
        admin().createTopic(CreateTopicRequest.newBuilder()
                .setName(name)
                .setPartitions(partitions)
                .putAllConfigs(configs)
                .build());
    }

    List<AppendResult> append(String topic, int partition, String... values) {
        return append(Routing.ROUTING_ANY, topic, partition, values);
    }

    /// Fails if this node does not lead the partition.
    List<AppendResult> appendToLeader(String topic, int partition, String... values) {
        return append(Routing.ROUTING_LEADER_ONLY, topic, partition, values);
    }

    private List<AppendResult> append(Routing routing, String topic, int partition, String... values) {
        return producer()
                .append(AppendRequest.newBuilder()
                        .setTopic(topic)
                        .setPartition(partition)
                        .setRouting(routing)
                        .setRecords(records(values))
                        .build())
                .getResultsList();
    }

    FetchedPartition fetch(String topic, int partition, long offset) {
        return consumer()
                .fetch(FetchRequest.newBuilder()
                        .addPartitions(FetchPartition.newBuilder()
                                .setTopic(topic)
                                .setPartition(partition)
                                .setOffset(offset))
                        .build())
                .getPartitions(0);
    }

    List<String> values(String topic, int partition) {
        var fetched = fetch(topic, partition, 0);
        assertFalse(fetched.hasProblem(), fetched::toString);
        return fetched.getRecords().getRecordsList().stream()
                .map(record -> record.getValue().toStringUtf8())
                .toList();
    }

    static RecordList records(String... values) {
        var list = RecordList.newBuilder();
        for (var value : values) {
            list.addRecords(Record.newBuilder().setValue(ByteString.copyFromUtf8(value)));
        }
        return list.build();
    }

    /// One encoded batch.
    static ByteBuffer batch(Compression compression, String... values) {
        var builder = new RecordBatchBuilder(compression, 256);
        for (var value : values) {
            builder.append(1_000, null, value.getBytes(StandardCharsets.UTF_8), List.of());
        }
        return builder.build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        node.close();
    }
}
