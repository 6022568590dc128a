package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.TopicId;
import io.weirlog.v1.Broker;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.Leader;
import io.weirlog.v1.PartitionLeader;
import io.weirlog.v1.TopicLeaders;

/// The test broker's word on the cluster: it leads everything itself, at the address that it says.
final class TestCluster extends ClusterServiceGrpc.ClusterServiceImplBase {
    private final InMemoryBroker broker;

    TestCluster(InMemoryBroker broker) {
        this.broker = broker;
    }

    static Leader leader(InMemoryBroker broker) {
        return leader(broker, "");
    }

    private static Leader leader(InMemoryBroker broker, String topic) {
        return broker.leaderElsewhere(topic)
                .orElseGet(() -> Leader.newBuilder()
                        .setBrokerId(1)
                        .setLeaderEpoch(3)
                        .setAddress(broker.leaderAddress())
                        .build());
    }

    @Override
    public void describeCluster(DescribeClusterRequest request, StreamObserver<DescribeClusterResponse> responses) {
        synchronized (broker) {
            broker.describeSeen();
            var response = DescribeClusterResponse.newBuilder()
                    .setClusterId(InMemoryBroker.CLUSTER_ID)
                    .setNodeId(1)
                    .setVersion("test")
                    .addBrokers(Broker.newBuilder().setBrokerId(1).setAddress(broker.leaderAddress()))
                    .setMetadataIndex(broker.metadataIndex());
            if (broker.nextAnswerLags()) {
                responses.onNext(response.setMetadataIndex(0).build());
                responses.onCompleted();
                return;
            }
            for (var name : request.getTopicsList()) {
                var topic = broker.topics().get(name);
                if (topic != null) {
                    var leaders = TopicLeaders.newBuilder()
                            .setTopic(name)
                            .setTopicId(ByteString.copyFrom(new TopicId(topic.id()).toBytes()));
                    for (var i = 0; i < topic.partitions().size(); i++) {
                        leaders.addPartitions(
                                PartitionLeader.newBuilder().setPartition(i).setLeader(leader(broker, name)));
                    }
                    response.addTopics(leaders);
                }
            }
            responses.onNext(response.build());
        }
        responses.onCompleted();
    }
}
