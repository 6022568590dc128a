package io.weirlog.client;

import io.weirlog.common.TopicId;
import io.weirlog.v1.TopicLeaders;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// A topic's partitions and who leads them. Immutable.
///
/// @param leaders by partition; those without a leader are missing
record TopicMetadata(String name, TopicId id, int partitionCount, Map<Integer, LeaderDescription> leaders) {
    TopicMetadata {
        leaders = Map.copyOf(leaders);
    }

    static TopicMetadata of(TopicLeaders topic) {
        var leaders = topic.getPartitionsList().stream()
                .filter(partition -> partition.hasLeader())
                .collect(Collectors.toMap(
                        partition -> partition.getPartition(), partition -> FromProto.leader(partition.getLeader())));
        return new TopicMetadata(
                topic.getTopic(), FromProto.topicId(topic.getTopicId()), topic.getPartitionsCount(), leaders);
    }

    Optional<LeaderDescription> leader(int partition) {
        return Optional.ofNullable(leaders.get(partition));
    }

    /// The same with what a broker said of one leader, unless something newer is known.
    TopicMetadata withLeader(int partition, LeaderDescription leader) {
        var known = leaders.get(partition);
        if (leader.equals(known) || (known != null && known.epoch().isAfter(leader.epoch()))) {
            return this;
        }
        var changed = new HashMap<>(leaders);
        changed.put(partition, leader);
        return new TopicMetadata(name, id, partitionCount, changed);
    }
}
