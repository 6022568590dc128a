package io.weirlog.replication.sim;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.replication.core.PartitionMetadata;
import java.util.TreeMap;

/// The metadata at one moment, as replication sees them.
public record SimView(MetadataState state, ClusterSim cluster) {
    PartitionImage partition(int partition) {
        return state.topics().byId(cluster.topicId()).orElseThrow().partitions().get(partition);
    }

    PartitionMetadata metadata(int partition) {
        return replicationMetadata(state, partition(partition), cluster.plan.inSyncMin());
    }

    public static PartitionMetadata replicationMetadata(MetadataState state, PartitionImage image, int inSyncMin) {
        var brokers = new TreeMap<BrokerId, PartitionMetadata.Standing>();
        for (var replica : image.replicas()) {
            var broker = state.brokers().get(replica);
            if (broker != null) {
                brokers.put(
                        replica,
                        new PartitionMetadata.Standing(broker.epoch(), !broker.fenced() && !broker.draining()));
            }
        }
        return new PartitionMetadata(
                image.leaderEpoch(),
                image.partitionEpoch(),
                image.replicas(),
                image.inSyncReplicas(),
                Math.min(inSyncMin, image.settledReplicas().size()),
                brokers);
    }
}
