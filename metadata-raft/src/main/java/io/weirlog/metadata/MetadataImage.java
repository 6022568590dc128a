package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.ReassignmentPlan;
import io.weirlog.metadata.core.StopCheck;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The cluster's metadata after one entry of its log: immutable, so a request that keeps it sees one consistent
/// state.
public final class MetadataImage {
    /// The metadata before the first command.
    public static final MetadataImage EMPTY = new MetadataImage(MetadataState.EMPTY);

    private final MetadataState state;

    private MetadataImage(MetadataState state) {
        this.state = state;
    }

    public static MetadataImage of(MetadataState state) {
        return new MetadataImage(state);
    }

    /// The log index of the last command that this image includes; 0 before the first. A reply with an index is
    /// visible in every image of at least that index.
    public long index() {
        return state.index();
    }

    public Optional<TopicImage> topic(String name) {
        return state.topics().byName(name);
    }

    public Optional<TopicImage> topic(TopicId id) {
        return state.topics().byId(id);
    }

    public Optional<PartitionImage> partition(TopicPartition partition) {
        return topic(partition.topicId()).flatMap(topic -> topic.partition(partition.partition()));
    }

    /// All topics in the order of their names: a view, nothing is copied.
    public Collection<TopicImage> topics() {
        return state.topics().byNames();
    }

    /// The topics whose names come after `name`, in the order of their names: the next page of a listing.
    public Collection<TopicImage> topicsAfter(String name) {
        return state.topics().byNamesAfter(name);
    }

    /// How many partitions all topics have together.
    public int partitionCount() {
        return state.topics().partitionCount();
    }

    public Optional<BrokerImage> broker(BrokerId id) {
        return Optional.ofNullable(state.brokers().get(id));
    }

    /// All registered brokers in the order of their ids, fenced ones included.
    public Collection<BrokerImage> brokers() {
        return state.brokers().values();
    }

    /// The members of the metadata quorum that made themselves known, in the order of their ids.
    public Collection<ControllerImage> controllers() {
        return state.controllers().values();
    }

    public Optional<ControllerImage> controller(BrokerId id) {
        return Optional.ofNullable(state.controllers().get(id));
    }

    /// The feature level that the cluster works at.
    public int featureLevel() {
        return state.featureLevel();
    }

    /// The highest feature level that every registered node supports: what the cluster can be raised to.
    public int featureLevelMax() {
        return Stream.concat(
                        brokers().stream().map(BrokerImage::features),
                        controllers().stream().map(ControllerImage::features))
                .mapToInt(FeatureRange::max)
                .min()
                .orElse(featureLevel());
    }

    /// What the machine would answer to `command` here, with nothing changed: the check before a dry run is
    /// reported as valid. The index in the answer is only a guess at the one that a real proposal would get.
    public MetadataReply dryRun(MetadataCommand command) {
        return MetadataMachine.apply(state, state.index() + 1, command).reply();
    }

    /// Whether `broker` can be stopped now without harm to any partition.
    public StopCheck canStop(BrokerId broker) {
        return StopCheck.of(state, broker);
    }

    /// Where the topic's partitions would go if these brokers were to hold them, and no others.
    public ReassignmentPlan planSpread(TopicImage topic, List<BrokerId> brokers) {
        return ReassignmentPlan.spread(state, topic, brokers);
    }

    /// Where all that a broker keeps would go.
    public ReassignmentPlan planEvacuation(BrokerId broker) {
        return ReassignmentPlan.evacuation(state, broker);
    }

    /// The state that this image shows.
    public MetadataState state() {
        return state;
    }

    @Override
    public String toString() {
        return "metadata at " + index();
    }
}
