package io.weirlog.server.group;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.server.InternalTopics;
import io.weirlog.server.group.core.GroupId;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/// `__offsets`, the internal topic that keeps all groups: compacted, each group in one partition, whose leader is its
/// coordinator. It is made when the first group is.
public final class OffsetsTopic {
    public static final String NAME = InternalTopics.OFFSETS;

    private static final int PARTITIONS = 16;
    private static final int REPLICATION_FACTOR_MAX = 3;
    /// A coordinator reads all of its partition when it begins: small segments are compacted soon.
    private static final int SEGMENT_BYTES = 32 << 20;

    private OffsetsTopic() {}

    public static Optional<TopicImage> in(MetadataImage image) {
        return image.topic(NAME);
    }

    /// Where the group is kept. Must never change while there are groups.
    public static TopicPartition partitionOf(GroupId group, TopicImage topic) {
        var crc = new CRC32C();
        crc.update(group.value().getBytes(StandardCharsets.UTF_8));
        return new TopicPartition(
                topic.id(), (int) (crc.getValue() % topic.partitions().size()));
    }

    /// Makes it with as many replicas as there are brokers, at most three. A write needs two of three.
    static MetadataCommand creation(MetadataImage image) {
        var replicas = Math.clamp(image.brokers().size(), 1, REPLICATION_FACTOR_MAX);
        return new MetadataCommand.CreateTopic(
                new RequestId(UUID.randomUUID()),
                NAME,
                new TopicId(UUID.randomUUID()),
                PARTITIONS,
                replicas,
                Map.of(
                        "cleanup.policy", "compact",
                        "segment.bytes", Integer.toString(SEGMENT_BYTES),
                        "min.insync.replicas", Integer.toString(replicas > 2 ? 2 : 1)));
    }
}
