package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.v1.Broker;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.Leader;
import io.weirlog.v1.Topic;
import io.weirlog.v1.TopicSummary;

/// Reads answers of brokers into the client's own types.
final class FromProto {
    private FromProto() {}

    static TopicId topicId(ByteString bytes) {
        return TopicId.fromBytes(bytes.toByteArray());
    }

    static LeaderDescription leader(Leader leader) {
        return new LeaderDescription(
                new BrokerId(leader.getBrokerId()), new LeaderEpoch(leader.getLeaderEpoch()), leader.getAddress());
    }

    static TopicListing listing(TopicSummary topic) {
        return new TopicListing(
                topic.getName(), topicId(topic.getTopicId()), topic.getPartitions(), topic.getReplicationFactor());
    }

    static TopicDescription description(Topic topic) {
        return new TopicDescription(
                topic.getName(),
                topicId(topic.getTopicId()),
                topic.getPartitionsList().stream()
                        .map(PartitionDescription::new)
                        .toList(),
                topic.getConfigsList().stream()
                        .map(entry -> new TopicConfig(entry.getKey(), entry.getValue(), entry.getOverridden()))
                        .toList());
    }

    static ClusterDescription cluster(DescribeClusterResponse response) {
        return new ClusterDescription(
                response.getClusterId(),
                new BrokerId(response.getNodeId()),
                response.getVersion(),
                response.getBrokersList().stream().map(FromProto::broker).toList());
    }

    private static BrokerDescription broker(Broker broker) {
        return new BrokerDescription(
                new BrokerId(broker.getBrokerId()), broker.getAddress(), broker.getRack(), broker.getFenced());
    }
}
