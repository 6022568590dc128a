package io.weirlog.server.consume;

import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.PreferredReplica;
import java.util.Optional;

/// Where readers had better go (KIP-392): to a follower in their own rack, if the leader is not in it.
final class PreferredReplicas {
    private final TopicLookup topics;

    PreferredReplicas(TopicLookup topics) {
        this.topics = topics;
    }

    /// A follower in this rack that is in sync and stays in service; several share the partitions between them. Only
    /// the
    /// leader tells.
    Optional<PreferredReplica> in(String rack, TopicPartition id) {
        var image = topics.image();
        var partition = image.partition(id);
        if (rack.isEmpty()
                || partition.isEmpty()
                || !partition.get().leader().equals(Optional.of(topics.self()))
                || image.broker(topics.self()).flatMap(BrokerImage::rack).equals(Optional.of(rack))) {
            return Optional.empty();
        }
        var near = partition.get().inSyncReplicas().stream()
                .filter(replica -> !replica.equals(topics.self()))
                .flatMap(replica -> image.broker(replica).stream())
                .filter(broker -> broker.rack().equals(Optional.of(rack)) && !broker.fenced() && !broker.draining())
                .toList();
        return near.isEmpty()
                ? Optional.empty()
                : Optional.of(near.get(id.partition() % near.size()))
                        .map(broker -> PreferredReplica.newBuilder()
                                .setBrokerId(broker.id().value())
                                .setAddress(TopicLookup.clientAddress(broker))
                                .build());
    }
}
