package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pcollections.TreePMap;

/// One change of the metadata. Events carry whole new values: the state evolves by them alone, here and
/// wherever it is followed ([MetadataState#evolve]).
public sealed interface MetadataEvent {
    record TopicCreated(TopicImage topic) implements MetadataEvent {}

    record TopicDeleted(TopicId id, String name) implements MetadataEvent {}

    /// @param added numbered on from the partitions that there were
    record PartitionsCreated(TopicId topicId, String topic, List<PartitionImage> added) implements MetadataEvent {
        public PartitionsCreated {
            added = List.copyOf(added);
        }
    }

    /// @param configs all explicit configs, those that stayed included
    record TopicConfigsChanged(TopicId topicId, String topic, Map<String, String> configs) implements MetadataEvent {
        public TopicConfigsChanged {
            configs = TreePMap.from(configs);
        }
    }

    /// The broker is new, or replaces an earlier registration of its id.
    record BrokerRegistered(BrokerImage broker) implements MetadataEvent {}

    /// A registered broker was fenced, unfenced, or began or ceased to drain.
    record BrokerChanged(BrokerImage broker) implements MetadataEvent {}

    record BrokerUnregistered(BrokerId id) implements MetadataEvent {}

    /// @param next the lowest producer id that is still free
    record ProducerIdsAllocated(long next) implements MetadataEvent {}

    /// @param election present if and only if the leader epoch is new; nobody may have been elected
    record PartitionChanged(TopicId topicId, String topic, PartitionImage partition, Optional<Election> election)
            implements MetadataEvent {}

    /// The controller is new, or replaces an earlier registration of its id.
    record ControllerRegistered(ControllerImage controller) implements MetadataEvent {}

    record ControllerUnregistered(BrokerId id) implements MetadataEvent {}

    record FeatureLevelFinalized(int level) implements MetadataEvent {}
}
