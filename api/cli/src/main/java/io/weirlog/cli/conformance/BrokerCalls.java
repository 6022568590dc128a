package io.weirlog.cli.conformance;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.PartitionLeader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// What the kit asks of each broker by itself. A client of the cluster would ask any of them.
final class BrokerCalls implements AutoCloseable {
    private static final Duration CALL = Duration.ofSeconds(20);
    private static final Duration KNOWN = Duration.ofSeconds(20);

    private final List<ManagedChannel> channels;

    BrokerCalls(List<String> addresses) {
        channels = addresses.stream()
                .map(address ->
                        ManagedChannelBuilder.forTarget(address).usePlaintext().build())
                .toList();
    }

    void create(CreateTopicRequest request) {
        var _ = AdminServiceGrpc.newBlockingStub(channels.getFirst())
                .withDeadlineAfter(CALL)
                .createTopic(request);
    }

    /// Returns when every broker knows the topic and its leaders: before, it may rightly say that there is no such
    /// topic.
    void awaitTopic(String topic, int partitions) {
        var until = System.nanoTime() + KNOWN.toNanos();
        for (var channel : channels) {
            while (!knows(channel, topic, partitions)) {
                if (System.nanoTime() - until >= 0) {
                    throw new IllegalStateException("not all brokers know of topic " + topic);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
        }
    }

    private static boolean knows(ManagedChannel channel, String topic, int partitions) {
        try {
            var found = ClusterServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(CALL)
                    .describeCluster(
                            DescribeClusterRequest.newBuilder().addTopics(topic).build());
            return found.getTopicsCount() == 1
                    && found.getTopics(0).getPartitionsList().stream()
                                    .filter(PartitionLeader::hasLeader)
                                    .count()
                            == partitions;
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
