package io.weirlog.server.admin;

import io.grpc.stub.StreamObserver;
import io.weirlog.metadata.TopicImage;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.Broker;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.PartitionLeader;
import io.weirlog.v1.TopicLeaders;
import io.weirlog.wire.Problems;

/// `weirlog.v1.ClusterService`.
public final class ClusterApi extends ClusterServiceGrpc.ClusterServiceImplBase {
    private static final int TOPICS_MAX = 1000;

    private final NodeFacts facts;
    private final TopicLookup topics;

    public ClusterApi(NodeFacts facts, TopicLookup topics) {
        this.facts = facts;
        this.topics = topics;
    }

    @Override
    public void describeCluster(DescribeClusterRequest request, StreamObserver<DescribeClusterResponse> response) {
        if (request.getTopicsCount() > TOPICS_MAX) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest(
                    "a request names at most " + TOPICS_MAX + " topics, not " + request.getTopicsCount())));
            return;
        }
        var image = topics.image();
        var answer = DescribeClusterResponse.newBuilder()
                .setClusterId(facts.clusterId())
                .setNodeId(facts.nodeId().value())
                .setVersion(facts.version())
                .setMetadataIndex(image.index());
        for (var broker : image.brokers()) {
            answer.addBrokers(Broker.newBuilder()
                    .setBrokerId(broker.id().value())
                    .setAddress(TopicLookup.clientAddress(broker))
                    .setRack(broker.rack().orElse(""))
                    .setFenced(broker.fenced()));
        }
        request.getTopicsList().stream()
                .distinct()
                .flatMap(name -> image.topic(name).stream())
                .map(this::leaders)
                .forEach(answer::addTopics);
        response.onNext(answer.build());
        response.onCompleted();
    }

    private TopicLeaders leaders(TopicImage topic) {
        var leaders = TopicLeaders.newBuilder().setTopic(topic.name()).setTopicId(TopicLookup.bytes(topic.id()));
        for (var partition : topic.partitions()) {
            var entry = PartitionLeader.newBuilder().setPartition(partition.partition());
            topics.leader(partition).ifPresent(entry::setLeader);
            leaders.addPartitions(entry);
        }
        return leaders.build();
    }
}
