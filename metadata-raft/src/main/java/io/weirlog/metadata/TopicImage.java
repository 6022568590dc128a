package io.weirlog.metadata;

import io.weirlog.common.Invariant;
import io.weirlog.common.TopicId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pcollections.PVector;
import org.pcollections.TreePMap;
import org.pcollections.TreePVector;

/// A topic with all its partitions.
///
/// @param partitions each at the index of its number
/// @param configs what was set explicitly, by key, in the order of the keys; the rest has the defaults of
///     [io.weirlog.metadata.core.TopicConfigs]
public record TopicImage(String name, TopicId id, List<PartitionImage> partitions, Map<String, String> configs) {
    public TopicImage {
        // Persistent collections, so that a change of one partition of ten thousand copies a path and not a list.
        partitions = partitions instanceof PVector<PartitionImage> ? partitions : TreePVector.from(partitions);
        configs = configs instanceof TreePMap<String, String> ? configs : TreePMap.from(configs);
        Invariant.check(!partitions.isEmpty(), "topic %s has no partitions", name);
    }

    /// The partition of that number, if the topic has it.
    public Optional<PartitionImage> partition(int partition) {
        return partition >= 0 && partition < partitions.size()
                ? Optional.of(partitions.get(partition))
                : Optional.empty();
    }

    /// This topic with `changed` in the place of the partition of its number, which exists.
    public TopicImage with(PartitionImage changed) {
        return new TopicImage(
                name, id, ((PVector<PartitionImage>) partitions).with(changed.partition(), changed), configs);
    }

    /// This topic with `added` after its partitions, numbered on from them.
    public TopicImage plus(List<PartitionImage> added) {
        return new TopicImage(name, id, ((PVector<PartitionImage>) partitions).plusAll(added), configs);
    }

    /// This topic with other explicit configs.
    public TopicImage withConfigs(Map<String, String> changed) {
        return new TopicImage(name, id, partitions, changed);
    }

    /// How many replicas each partition has once all reassignments are through or called off.
    public int replicationFactor() {
        return partitions.getFirst().settledReplicas().size();
    }
}
