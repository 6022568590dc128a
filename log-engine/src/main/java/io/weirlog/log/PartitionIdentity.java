package io.weirlog.log;

import io.weirlog.common.TopicPartition;

/// Which partition a log belongs to: by id, which decides (M4), and by the topic's name, for people.
public record PartitionIdentity(String topic, TopicPartition id) {
    /// The name of its directory: `<topic>-<partition>`.
    public String directoryName() {
        return topic + "-" + id.partition();
    }

    @Override
    public String toString() {
        return directoryName() + " (topic id " + id.topicId() + ")";
    }
}
