package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.Collection;
import java.util.Optional;
import org.pcollections.TreePMap;

/// All that the metadata machine knows. Immutable: a change shares almost everything with the state before it,
/// so that keeping an old one is cheap and a reader is never disturbed.
public final class MetadataState {
    public static final MetadataState EMPTY =
            new MetadataState(0, TreePMap.empty(), TopicTable.EMPTY, BrokerLoads.EMPTY, 0, RequestLog.EMPTY);

    private final long index;
    private final TreePMap<BrokerId, BrokerImage> brokers;
    private final TopicTable topics;
    private final BrokerLoads loads;
    private final long nextProducerId;
    private final RequestLog requests;

    private MetadataState(
            long index,
            TreePMap<BrokerId, BrokerImage> brokers,
            TopicTable topics,
            BrokerLoads loads,
            long nextProducerId,
            RequestLog requests) {
        this.index = index;
        this.brokers = brokers;
        this.topics = topics;
        this.loads = loads;
        this.nextProducerId = nextProducerId;
        this.requests = requests;
    }

    /// The state that a snapshot describes.
    ///
    /// @param answers in the order of the log
    public static MetadataState restore(
            long index,
            Collection<BrokerImage> brokers,
            Collection<TopicImage> topics,
            long nextProducerId,
            Collection<RequestLog.Answer> answers) {
        var state = EMPTY;
        for (var broker : brokers) {
            state = state.evolve(new MetadataEvent.BrokerRegistered(broker));
        }
        for (var topic : topics) {
            state = state.evolve(new MetadataEvent.TopicCreated(topic));
        }
        var requests = state.requests;
        for (var answer : answers) {
            requests = requests.plus(answer);
        }
        return new MetadataState(index, state.brokers, state.topics, state.loads, nextProducerId, requests);
    }

    /// The log index of the last command applied; 0 before the first, which is never at 0 (the log opens with
    /// an entry of its own).
    public long index() {
        return index;
    }

    /// In the order of their ids.
    public TreePMap<BrokerId, BrokerImage> brokers() {
        return brokers;
    }

    public TopicTable topics() {
        return topics;
    }

    /// The lowest producer id that is still free.
    public long nextProducerId() {
        return nextProducerId;
    }

    public RequestLog requests() {
        return requests;
    }

    BrokerLoad load(BrokerId broker) {
        return loads.of(broker);
    }

    /// Whether a broker may be given replicas, and leaderships before others.
    boolean isServing(BrokerId broker) {
        return Optional.ofNullable(brokers.get(broker))
                .filter(image -> !image.fenced() && !image.draining())
                .isPresent();
    }

    /// Whether a broker may be in sync and lead.
    boolean isLive(BrokerId broker) {
        return Optional.ofNullable(brokers.get(broker))
                .filter(image -> !image.fenced())
                .isPresent();
    }

    /// The state after one event. It depends on nothing but the two, so whoever follows the events has the
    /// state.
    public MetadataState evolve(MetadataEvent event) {
        return switch (event) {
            case MetadataEvent.TopicCreated created ->
                with(topics.plus(created.topic()), loads.plus(created.topic().partitions()));
            case MetadataEvent.TopicDeleted deleted ->
                with(
                        topics.minus(deleted.id()),
                        loads.minus(topics.existing(deleted.id()).partitions()));
            case MetadataEvent.BrokerRegistered(var broker) -> with(brokers.plus(broker.id(), broker));
            case MetadataEvent.BrokerChanged(var broker) -> with(brokers.plus(broker.id(), broker));
            case MetadataEvent.BrokerUnregistered(var id) -> with(brokers.minus(id));
            case MetadataEvent.ProducerIdsAllocated(var next) -> withNextProducerId(next);
            case MetadataEvent.PartitionChanged change -> changed(change.topicId(), change.partition());
        };
    }

    private MetadataState withNextProducerId(long next) {
        Invariant.check(next > nextProducerId, "producer ids from %s after %s", next, nextProducerId);
        return new MetadataState(index, brokers, topics, loads, next, requests);
    }

    private MetadataState changed(TopicId id, PartitionImage partition) {
        var before = topics.existing(id).partitions().get(partition.partition());
        Invariant.check(
                before.replicas().equals(partition.replicas()),
                "replicas of %s-%s moved without a reassignment",
                id,
                partition.partition());
        return with(topics.with(id, partition), loads);
    }

    private MetadataState with(TreePMap<BrokerId, BrokerImage> changedBrokers) {
        return new MetadataState(index, changedBrokers, topics, loads, nextProducerId, requests);
    }

    private MetadataState with(TopicTable changedTopics, BrokerLoads changedLoads) {
        return new MetadataState(index, brokers, changedTopics, changedLoads, nextProducerId, requests);
    }

    /// This state with the log at `at`: answers out of the window are forgotten.
    MetadataState advancedTo(long at) {
        Invariant.check(at > index, "M2: index %s after %s", at, index);
        return new MetadataState(at, brokers, topics, loads, nextProducerId, requests.expiredAt(at));
    }

    /// This state with the answer to the command at [#index] kept for retries.
    MetadataState answered(RequestId requestId, MetadataReply reply) {
        var kept = requests.plus(new RequestLog.Answer(requestId, index, reply));
        return new MetadataState(index, brokers, topics, loads, nextProducerId, kept);
    }
}
