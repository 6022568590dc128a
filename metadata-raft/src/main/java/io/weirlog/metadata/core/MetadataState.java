package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Invariant;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.FeatureRange;
import java.util.Collection;
import java.util.List;
import org.pcollections.TreePMap;

/// All that the metadata machine knows. Immutable: a change shares almost everything with the state before it,
/// so that keeping an old one is cheap and a reader is never disturbed.
public final class MetadataState {
    public static final MetadataState EMPTY = new MetadataState(0, Nodes.NONE, TopicTable.EMPTY, 0, RequestLog.EMPTY);

    private final long index;
    private final Nodes nodes;
    private final TopicTable topics;
    private final long nextProducerId;
    private final RequestLog requests;

    private record Nodes(
            TreePMap<BrokerId, BrokerImage> brokers,
            TreePMap<BrokerId, ControllerImage> controllers,
            int featureLevel) {
        static final Nodes NONE = new Nodes(TreePMap.empty(), TreePMap.empty(), FeatureRange.FIRST_LEVEL);

        Nodes withBrokers(TreePMap<BrokerId, BrokerImage> changed) {
            return new Nodes(changed, controllers, featureLevel);
        }

        Nodes withControllers(TreePMap<BrokerId, ControllerImage> changed) {
            return new Nodes(brokers, changed, featureLevel);
        }

        Nodes withFeatureLevel(int level) {
            Invariant.check(level > featureLevel, "feature level %s after %s", level, featureLevel);
            return new Nodes(brokers, controllers, level);
        }
    }

    private MetadataState(long index, Nodes nodes, TopicTable topics, long nextProducerId, RequestLog requests) {
        this.index = index;
        this.nodes = nodes;
        this.topics = topics;
        this.nextProducerId = nextProducerId;
        this.requests = requests;
    }

    /// The state that a snapshot describes.
    ///
    /// @param events that make it from nothing
    /// @param answers in the order of the log
    public static MetadataState restore(
            long index, Collection<MetadataEvent> events, Collection<RequestLog.Answer> answers) {
        var state = EMPTY;
        for (var event : events) {
            state = state.evolve(event);
        }
        var requests = state.requests;
        for (var answer : answers) {
            requests = requests.plus(answer);
        }
        return new MetadataState(index, state.nodes, state.topics, state.nextProducerId, requests);
    }

    /// The log index of the last command applied; 0 before the first, which is never at 0 (the log opens with
    /// an entry of its own).
    public long index() {
        return index;
    }

    /// In the order of their ids.
    public TreePMap<BrokerId, BrokerImage> brokers() {
        return nodes.brokers();
    }

    /// The members of the metadata quorum that made themselves known, in the order of their ids.
    public TreePMap<BrokerId, ControllerImage> controllers() {
        return nodes.controllers();
    }

    /// The feature level that the cluster works at.
    public int featureLevel() {
        return nodes.featureLevel();
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
        return topics.load(broker);
    }

    /// Whether a broker may be given replicas, and leaderships before others.
    boolean isServing(BrokerId broker) {
        var image = brokers().get(broker);
        return image != null && !image.fenced() && !image.draining();
    }

    /// Whether a broker may be in sync and lead.
    boolean isLive(BrokerId broker) {
        var image = brokers().get(broker);
        return image != null && !image.fenced();
    }

    /// The state after one event. It depends on nothing but the two, so whoever follows the events has the
    /// state.
    public MetadataState evolve(MetadataEvent event) {
        return switch (event) {
            case MetadataEvent.TopicCreated(var topic) -> with(topics.plus(topic));
            case MetadataEvent.TopicDeleted deleted -> with(topics.minus(deleted.id()));
            case MetadataEvent.PartitionsCreated created -> with(topics.grown(created.topicId(), created.added()));
            case MetadataEvent.TopicConfigsChanged changed ->
                with(topics.configured(changed.topicId(), changed.configs()));
            case MetadataEvent.PartitionChanged changed -> with(topics.with(changed.topicId(), changed.partition()));
            case MetadataEvent.BrokerRegistered(var broker) -> with(broker);
            case MetadataEvent.BrokerChanged(var broker) -> with(broker);
            case MetadataEvent.BrokerUnregistered(var id) ->
                with(nodes.withBrokers(brokers().minus(id)));
            case MetadataEvent.ControllerRegistered(var controller) ->
                with(nodes.withControllers(controllers().plus(controller.id(), controller)));
            case MetadataEvent.ControllerUnregistered(var id) ->
                with(nodes.withControllers(controllers().minus(id)));
            case MetadataEvent.FeatureLevelFinalized(var level) -> with(nodes.withFeatureLevel(level));
            case MetadataEvent.ProducerIdsAllocated(var next) -> withNextProducerId(next);
        };
    }

    private MetadataState withNextProducerId(long next) {
        Invariant.check(next > nextProducerId, "producer ids from %s after %s", next, nextProducerId);
        return new MetadataState(index, nodes, topics, next, requests);
    }

    private MetadataState with(BrokerImage broker) {
        return with(nodes.withBrokers(brokers().plus(broker.id(), broker)));
    }

    private MetadataState with(Nodes changed) {
        return new MetadataState(index, changed, topics, nextProducerId, requests);
    }

    private MetadataState with(TopicTable changed) {
        return new MetadataState(index, nodes, changed, nextProducerId, requests);
    }

    /// The state after the log entry at `at`, which led to `events`, for those who follow the metadata from
    /// outside of the quorum.
    public MetadataState followed(long at, List<MetadataEvent> events) {
        var followed = advancedTo(at);
        for (var event : events) {
            followed = followed.evolve(event);
        }
        return followed;
    }

    /// What followers need of this state: everything but the answers that are kept for retries.
    public MetadataState withoutRequests() {
        return new MetadataState(index, nodes, topics, nextProducerId, RequestLog.EMPTY);
    }

    /// This state with the log at `at`: answers out of the window are forgotten.
    MetadataState advancedTo(long at) {
        Invariant.check(at > index, "M2: index %s after %s", at, index);
        return new MetadataState(at, nodes, topics, nextProducerId, requests.expiredAt(at));
    }

    /// This state with the answer to the command at [#index] kept for retries.
    MetadataState answered(RequestId requestId, MetadataReply reply) {
        var kept = requests.plus(new RequestLog.Answer(requestId, index, reply));
        return new MetadataState(index, nodes, topics, nextProducerId, kept);
    }
}
