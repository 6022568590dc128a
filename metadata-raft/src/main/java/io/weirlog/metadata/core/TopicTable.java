package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.pcollections.HashPMap;
import org.pcollections.HashTreePMap;
import org.pcollections.TreePMap;

/// All topics, to be found by id, by name, and by what metrics make of the name. Immutable.
public final class TopicTable {
    static final TopicTable EMPTY =
            new TopicTable(HashTreePMap.empty(), TreePMap.empty(), HashTreePMap.empty(), BrokerLoads.EMPTY, 0);

    private final HashPMap<TopicId, TopicImage> topics;
    private final TreePMap<String, TopicId> ids;
    private final HashPMap<String, String> namesByCollisionKey;
    private final BrokerLoads loads;
    private final int partitionCount;

    private TopicTable(
            HashPMap<TopicId, TopicImage> topics,
            TreePMap<String, TopicId> ids,
            HashPMap<String, String> namesByCollisionKey,
            BrokerLoads loads,
            int partitionCount) {
        this.topics = topics;
        this.ids = ids;
        this.namesByCollisionKey = namesByCollisionKey;
        this.loads = loads;
        this.partitionCount = partitionCount;
    }

    public Optional<TopicImage> byId(TopicId id) {
        return Optional.ofNullable(topics.get(id));
    }

    public Optional<TopicImage> byName(String name) {
        return Optional.ofNullable(ids.get(name)).flatMap(this::byId);
    }

    Optional<TopicImage> find(TopicRef topic) {
        return switch (topic) {
            case TopicRef.ByName(var name) -> byName(name);
            case TopicRef.ById(var id) -> byId(id);
        };
    }

    /// The name of the topic that `name` equals or cannot be told apart from in metrics.
    Optional<String> collision(String name) {
        return Optional.ofNullable(namesByCollisionKey.get(TopicNames.collisionKey(name)));
    }

    public int partitionCount() {
        return partitionCount;
    }

    BrokerLoad load(BrokerId broker) {
        return loads.of(broker);
    }

    /// In the order of their names: the iteration order that all voters share.
    public Collection<TopicImage> byNames() {
        return new Listing(ids);
    }

    public Collection<TopicImage> byNamesAfter(String name) {
        return new Listing(ids.tailMap(name, false));
    }

    TopicTable plus(TopicImage topic) {
        Invariant.check(!topics.containsKey(topic.id()), "M4: topic id %s is in use", topic.id());
        Invariant.check(collision(topic.name()).isEmpty(), "topic name %s is in use", topic.name());
        return new TopicTable(
                topics.plus(topic.id(), topic),
                ids.plus(topic.name(), topic.id()),
                namesByCollisionKey.plus(TopicNames.collisionKey(topic.name()), topic.name()),
                loads.plus(topic.partitions()),
                partitionCount + topic.partitions().size());
    }

    TopicTable minus(TopicId id) {
        var topic = existing(id);
        return new TopicTable(
                topics.minus(id),
                ids.minus(topic.name()),
                namesByCollisionKey.minus(TopicNames.collisionKey(topic.name())),
                loads.minus(topic.partitions()),
                partitionCount - topic.partitions().size());
    }

    TopicTable with(TopicId id, PartitionImage changed) {
        var topic = existing(id);
        var before = topic.partitions().get(changed.partition());
        Invariant.check(
                changed.partitionEpoch() > before.partitionEpoch(),
                "R9: partition epoch %s after %s",
                changed.partitionEpoch(),
                before.partitionEpoch());
        Invariant.check(
                changed.leaderEpoch().isAfter(before.leaderEpoch())
                        || (changed.leaderEpoch().equals(before.leaderEpoch())
                                && changed.leader().equals(before.leader())),
                "R3: %s of epoch %s after %s of epoch %s",
                changed.leader(),
                changed.leaderEpoch(),
                before.leader(),
                before.leaderEpoch());
        return with(topic.with(changed), moved(before, changed), partitionCount);
    }

    private BrokerLoads moved(PartitionImage before, PartitionImage after) {
        return before.replicas().equals(after.replicas())
                ? loads
                : loads.minus(List.of(before)).plus(List.of(after));
    }

    TopicTable grown(TopicId id, List<PartitionImage> added) {
        var topic = existing(id);
        for (int i = 0; i < added.size(); i++) {
            Invariant.check(
                    added.get(i).partition() == topic.partitions().size() + i,
                    "partition %s of %s added out of order",
                    added.get(i).partition(),
                    topic.name());
        }
        return with(topic.plus(added), loads.plus(added), partitionCount + added.size());
    }

    TopicTable configured(TopicId id, Map<String, String> configs) {
        return with(existing(id).withConfigs(configs), loads, partitionCount);
    }

    private TopicTable with(TopicImage topic, BrokerLoads changedLoads, int count) {
        return new TopicTable(topics.plus(topic.id(), topic), ids, namesByCollisionKey, changedLoads, count);
    }

    TopicImage existing(TopicId id) {
        return byId(id).orElseThrow(() -> new InvariantViolation("no topic " + id));
    }

    private final class Listing extends AbstractCollection<TopicImage> {
        private final TreePMap<String, TopicId> listed;

        Listing(TreePMap<String, TopicId> listed) {
            this.listed = listed;
        }

        @Override
        public Iterator<TopicImage> iterator() {
            return stream().iterator();
        }

        @Override
        public Stream<TopicImage> stream() {
            return listed.values().stream().map(TopicTable.this::existing);
        }

        @Override
        public int size() {
            return listed.size();
        }
    }
}
