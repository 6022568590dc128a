package io.weirlog.metadata.core;

import io.weirlog.common.TopicId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;

/// One change of the metadata. Events carry whole new values: the state evolves by them alone, here and
/// wherever it is followed ([MetadataState#evolve]).
public sealed interface MetadataEvent {
    record TopicCreated(TopicImage topic) implements MetadataEvent {}

    record TopicDeleted(TopicId id, String name) implements MetadataEvent {}

    /// The broker is new, or replaces an earlier registration of its id.
    record BrokerRegistered(BrokerImage broker) implements MetadataEvent {}

    record PartitionChanged(TopicId topicId, String topic, PartitionImage partition) implements MetadataEvent {}
}
