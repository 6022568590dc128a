package io.weirlog.server.admin;

import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.TopicConfigs;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.ConfigEntry;
import io.weirlog.v1.Partition;
import io.weirlog.v1.Topic;
import io.weirlog.v1.TopicSummary;

/// Describes topics: the metadata, and beside them what this broker's own replicas know.
final class TopicDescriptions {
    private final TopicLookup topics;
    private final Partitions partitions;

    TopicDescriptions(TopicLookup topics, Partitions partitions) {
        this.topics = topics;
        this.partitions = partitions;
    }

    Topic describe(TopicImage topic) {
        var description = Topic.newBuilder().setName(topic.name()).setTopicId(TopicLookup.bytes(topic.id()));
        topic.partitions().forEach(partition -> description.addPartitions(describe(topic, partition)));
        for (var config : TopicConfigs.effective(topic.configs()).entries()) {
            description.addConfigs(ConfigEntry.newBuilder()
                    .setKey(config.key().name())
                    .setValue(config.value())
                    .setOverridden(config.explicit()));
        }
        return description.build();
    }

    private Partition describe(TopicImage topic, PartitionImage partition) {
        var description = Partition.newBuilder()
                .setPartition(partition.partition())
                .setLeaderEpoch(partition.leaderEpoch().value())
                .setPartitionEpoch(partition.partitionEpoch());
        topics.leader(partition).ifPresent(description::setLeader);
        partition.replicas().forEach(replica -> description.addReplicas(replica.value()));
        partition.inSyncReplicas().forEach(replica -> description.addInSyncReplicas(replica.value()));
        description
                .addAllAddingReplicas(TopicChanges.numbers(partition.addingReplicas()))
                .addAllRemovingReplicas(TopicChanges.numbers(partition.removingReplicas()));
        var view = partitions.view(new TopicPartition(topic.id(), partition.partition()));
        if (view.isPresent() && view.get() instanceof PartitionView.Leading leading) {
            description
                    .setLogStartOffset(leading.log().logStartOffset().value())
                    .setHighWatermark(leading.highWatermark().value())
                    .setLogEndOffset(leading.log().logEndOffset().value())
                    .setSizeBytes(leading.log().sizeBytes());
        }
        return description.build();
    }

    static TopicSummary summarize(TopicImage topic) {
        return TopicSummary.newBuilder()
                .setName(topic.name())
                .setTopicId(TopicLookup.bytes(topic.id()))
                .setPartitions(topic.partitions().size())
                .setReplicationFactor(topic.partitions().get(0).replicas().size())
                .build();
    }
}
