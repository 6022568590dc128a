package io.weirlog.client;

import io.weirlog.common.TopicId;
import java.util.List;

/// A topic in full.
///
/// @param partitions in order, from 0
public record TopicDescription(
        String name, TopicId id, List<PartitionDescription> partitions, List<TopicConfig> configs) {
    public TopicDescription {
        partitions = List.copyOf(partitions);
        configs = List.copyOf(configs);
    }
}
