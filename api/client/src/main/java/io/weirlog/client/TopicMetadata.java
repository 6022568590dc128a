package io.weirlog.client;

import io.weirlog.common.TopicId;
import io.weirlog.v1.PartitionLeader;
import io.weirlog.v1.TopicLeaders;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A topic's partitions and who leads them. Immutable.
final class TopicMetadata {
    private final String name;
    private final TopicId id;
    /// Made once, so that sending a record need not make its own.
    private final List<PartitionRef> refs;
    /// By partition; those without a leader are missing.
    private final Map<Integer, LeaderDescription> leaders;

    private TopicMetadata(String name, TopicId id, List<PartitionRef> refs, Map<Integer, LeaderDescription> leaders) {
        this.name = name;
        this.id = id;
        this.refs = refs;
        this.leaders = Map.copyOf(leaders);
    }

    /// @param leaders by partition; those without a leader are missing
    TopicMetadata(String name, TopicId id, int partitionCount, Map<Integer, LeaderDescription> leaders) {
        this(
                name,
                id,
                IntStream.range(0, partitionCount)
                        .mapToObj(partition -> new PartitionRef(name, partition))
                        .toList(),
                leaders);
    }

    static TopicMetadata of(TopicLeaders topic) {
        var leaders = topic.getPartitionsList().stream()
                .filter(PartitionLeader::hasLeader)
                .collect(Collectors.toMap(
                        PartitionLeader::getPartition, partition -> FromProto.leader(partition.getLeader())));
        return new TopicMetadata(
                topic.getTopic(), FromProto.topicId(topic.getTopicId()), topic.getPartitionsCount(), leaders);
    }

    String name() {
        return name;
    }

    TopicId id() {
        return id;
    }

    int partitionCount() {
        return refs.size();
    }

    PartitionRef ref(int partition) {
        return refs.get(partition);
    }

    Optional<LeaderDescription> leader(int partition) {
        return Optional.ofNullable(leaders.get(partition));
    }

    /// This, with the leaders of `known` that are of a later epoch: brokers do not all learn of an election at once.
    TopicMetadata since(TopicMetadata known) {
        if (!id.equals(known.id)) {
            return this;
        }
        var merged = this;
        for (var partition = 0; partition < partitionCount(); partition++) {
            var leader = known.leaders.get(partition);
            if (leader != null) {
                merged = merged.withLeader(partition, leader);
            }
        }
        return merged;
    }

    /// The same with what a broker said of one leader, unless something newer is known.
    TopicMetadata withLeader(int partition, LeaderDescription leader) {
        var known = leaders.get(partition);
        if (known != null && !leader.epoch().isAfter(known.epoch())) {
            return this;
        }
        var changed = new HashMap<>(leaders);
        changed.put(partition, leader);
        return new TopicMetadata(name, id, refs, changed);
    }
}
