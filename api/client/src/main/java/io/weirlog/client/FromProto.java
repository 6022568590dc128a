package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicId;
import io.weirlog.v1.Broker;
import io.weirlog.v1.CheckStopResponse;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.ElectionOutcome;
import io.weirlog.v1.Leader;
import io.weirlog.v1.NamedPartition;
import io.weirlog.v1.Topic;
import io.weirlog.v1.TopicSummary;
import java.util.List;
import java.util.Optional;

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
                response.getBrokersList().stream().map(FromProto::broker).toList(),
                response.getControllersList().stream()
                        .map(one -> new ControllerNode(new BrokerId(one.getNodeId()), one.getAddress()))
                        .toList(),
                response.hasActiveControllerId()
                        ? Optional.of(new BrokerId(response.getActiveControllerId()))
                        : Optional.empty(),
                response.getFeatureLevel());
    }

    private static BrokerDescription broker(Broker broker) {
        return new BrokerDescription(
                new BrokerId(broker.getBrokerId()),
                broker.getAddress(),
                broker.getRack(),
                broker.getFenced(),
                broker.getDraining(),
                broker.getLedPartitions(),
                broker.getReplicas(),
                broker.getFeatureLevelMax());
    }

    static HealthProblem problem(io.weirlog.v1.HealthProblem problem) {
        return new HealthProblem(
                problem.getKind().name().replaceFirst("^HEALTH_PROBLEM_KIND_", ""),
                problem.getCount(),
                problem.getMessage());
    }

    static StopCheck stopCheck(CheckStopResponse response) {
        return new StopCheck(
                response.getSafe(),
                partitions(response.getUnavailableList()),
                partitions(response.getUnderMinInSyncList()),
                response.getLeadershipsToMove(),
                response.getDraining(),
                response.getFenced());
    }

    private static List<PartitionRef> partitions(List<NamedPartition> partitions) {
        return partitions.stream()
                .map(one -> new PartitionRef(one.getTopic(), one.getPartition()))
                .toList();
    }

    static ElectedPartition.Outcome outcome(ElectionOutcome outcome) {
        return switch (outcome) {
            case ELECTION_OUTCOME_ELECTED -> ElectedPartition.Outcome.ELECTED;
            case ELECTION_OUTCOME_LEADS_ALREADY -> ElectedPartition.Outcome.LEADS_ALREADY;
            case ELECTION_OUTCOME_UNKNOWN_PARTITION -> ElectedPartition.Outcome.UNKNOWN_PARTITION;
            case ELECTION_OUTCOME_NOT_AVAILABLE, ELECTION_OUTCOME_UNSPECIFIED, UNRECOGNIZED ->
                ElectedPartition.Outcome.NOT_AVAILABLE;
        };
    }
}
