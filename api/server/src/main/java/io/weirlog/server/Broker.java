package io.weirlog.server;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.replication.PartitionAssignment;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.core.PartitionMetadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows the metadata: hosts the partitions that they give to this broker and lets go of those that they take.
public final class Broker implements MetadataListener {
    static final String CLIENT_LISTENER = "client";
    /// Where other nodes reach this one.
    public static final String INTERNAL_LISTENER = "internal";

    private static final long NOTHING_YET = -1;

    private static final Logger LOG = LoggerFactory.getLogger(Broker.class);

    private final BrokerId self;
    private final Partitions partitions;
    private final TopicSettings settings;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition applied = lock.newCondition();
    /// Used by the feed's thread only.
    private boolean strayChecked;
    /// The metadata index up to which partitions were handed on; −1 before the first snapshot. Guarded by `lock`.
    private long appliedIndex = NOTHING_YET;

    Broker(BrokerId self, Partitions partitions, TopicSettings settings) {
        this.self = self;
        this.partitions = partitions;
        this.settings = settings;
    }

    @Override
    public void onSnapshot(MetadataImage image) {
        if (!strayChecked) {
            quarantineStrays(image);
            strayChecked = true;
        }
        partitions.topics().stream().filter(id -> image.topic(id).isEmpty()).forEach(this::setAside);
        image.topics().forEach(topic -> assign(image, topic));
        applied(image.index());
    }

    @Override
    public void onEvents(MetadataImage image, List<MetadataEvent> events) {
        for (var event : events) {
            switch (event) {
                case MetadataEvent.TopicCreated(var topic) -> assign(image, topic.id());
                case MetadataEvent.TopicDeleted deleted -> delete(deleted);
                case MetadataEvent.PartitionChanged changed ->
                    image.topic(changed.topicId())
                            .ifPresent(topic ->
                                    assign(image, topic, changed.partition().partition()));
                case MetadataEvent.ProducerIdsAllocated(var next) ->
                    LOG.debug("producer ids are given out up to {}", next);
                case MetadataEvent.BrokerChanged(var broker) -> standingChanged(image, broker.id());
                case MetadataEvent.BrokerUnregistered(var id) -> LOG.debug("broker {} unregistered", id);
                case MetadataEvent.BrokerRegistered(var broker) -> standingChanged(image, broker.id());
                case MetadataEvent.PartitionsCreated created -> assign(image, created.topicId());
                case MetadataEvent.TopicConfigsChanged changed -> assign(image, changed.topicId());
                case MetadataEvent.ControllerRegistered(var controller) ->
                    LOG.debug("controller {} registered", controller.id());
                case MetadataEvent.ControllerUnregistered(var id) -> LOG.debug("controller {} unregistered", id);
                case MetadataEvent.FeatureLevelFinalized(var level) ->
                    LOG.info("the cluster works at feature level {} now", level);
            }
        }
        applied(image.index());
    }

    private void applied(long index) {
        lock.lock();
        try {
            appliedIndex = index;
            applied.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void quarantineStrays(MetadataImage image) {
        var expected = image.topics().stream()
                .flatMap(topic -> hosted(topic).stream().map(partition -> topic.name() + "-" + partition.partition()))
                .collect(Collectors.toSet());
        try {
            partitions.quarantineUnexpected(expected);
        } catch (IOException e) {
            throw new UncheckedIOException("the partitions' folder cannot be read", e);
        }
    }

    /// The topic may be gone already: its deletion is among the events then.
    private void assign(MetadataImage image, TopicId topic) {
        image.topic(topic).ifPresent(found -> assign(image, found));
    }

    private void assign(MetadataImage image, TopicImage topic) {
        hosted(topic).forEach(partition -> partitions.assign(assignment(image, topic, partition)));
    }

    /// A partition that was moved away from here is not kept.
    private void assign(MetadataImage image, TopicImage topic, int number) {
        var partition = topic.partitions().get(number);
        if (partition.replicas().contains(self)) {
            partitions.assign(assignment(image, topic, partition));
        } else {
            partitions.delete(new TopicPartition(topic.id(), number));
        }
    }

    /// Leaders have to know who of their followers may join the in-sync set, and in which life.
    private void standingChanged(MetadataImage image, BrokerId broker) {
        if (broker.equals(self)) {
            return;
        }
        for (var topic : image.topics()) {
            for (var partition : topic.partitions()) {
                if (partition.leader().equals(Optional.of(self))
                        && partition.replicas().contains(broker)) {
                    partitions.assign(assignment(image, topic, partition));
                }
            }
        }
    }

    private void setAside(TopicId id) {
        settings.forget(id);
        partitions.setAside(id);
    }

    private List<PartitionImage> hosted(TopicImage topic) {
        return topic.partitions().stream()
                .filter(partition -> partition.replicas().contains(self))
                .toList();
    }

    private PartitionAssignment assignment(MetadataImage image, TopicImage topic, PartitionImage partition) {
        var topicSettings = settings.of(topic);
        var standings = new HashMap<BrokerId, PartitionMetadata.Standing>();
        for (var replica : partition.replicas()) {
            image.broker(replica)
                    .ifPresent(broker -> standings.put(
                            replica,
                            new PartitionMetadata.Standing(broker.epoch(), !broker.fenced() && !broker.draining())));
        }
        return new PartitionAssignment(
                new TopicPartition(topic.id(), partition.partition()),
                topic.name(),
                partition.leader(),
                new PartitionMetadata(
                        partition.leaderEpoch(),
                        partition.partitionEpoch(),
                        partition.replicas(),
                        partition.inSyncReplicas(),
                        Math.min(
                                topicSettings.minInSyncReplicas(),
                                partition.settledReplicas().size()),
                        standings),
                Set.copyOf(partition.addingReplicas()),
                topicSettings.logConfig());
    }

    private void delete(MetadataEvent.TopicDeleted deleted) {
        settings.forget(deleted.id());
        partitions.deleteTopic(deleted.id());
    }

    /// Waits until this broker has followed the metadata up to `metadataIndex`, and its own partitions of these topics
    /// are open in their roles, or have failed to.
    ///
    /// @return false if the time was not enough
    public boolean awaitOpen(Collection<TopicImage> topics, long metadataIndex, Duration timeout)
            throws InterruptedException {
        var nanosLeft = timeout.toNanos();
        lock.lock();
        try {
            while (appliedIndex < metadataIndex) {
                if (nanosLeft <= 0) {
                    return false;
                }
                nanosLeft = applied.awaitNanos(nanosLeft);
            }
        } finally {
            lock.unlock();
        }
        var ids = topics.stream()
                .flatMap(topic ->
                        hosted(topic).stream().map(partition -> new TopicPartition(topic.id(), partition.partition())))
                .toList();
        return partitions.awaitOpen(ids, TimeUnit.NANOSECONDS.toMillis(nanosLeft));
    }

    /// The metadata index up to which partitions were handed their roles; 0 before the first snapshot.
    public long appliedIndex() {
        lock.lock();
        try {
            return Math.max(0, appliedIndex);
        } finally {
            lock.unlock();
        }
    }
}
