package io.weirlog.server.group;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.server.group.core.GroupReply;
import io.weirlog.server.group.core.GroupRequest;
import io.weirlog.server.group.core.Topics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The coordinators of this broker: one for each partition of `__offsets` that it leads, as the metadata say.
public final class GroupCoordinators implements MetadataListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCoordinators.class);

    private final BrokerId self;
    private final GroupCoordinator.Surroundings surroundings;
    /// By partition. Guarded by this object.
    private final Map<TopicPartition, GroupCoordinator> running = new HashMap<>();
    /// Of partitions whose coordinators ended by themselves. Guarded by this object.
    private final Map<TopicPartition, ReloadBackoff> backoffs = new HashMap<>();

    private MetadataImage image = MetadataImage.EMPTY;
    private Topics topics = Topics.NONE;
    private boolean closed;

    GroupCoordinators(BrokerId self, GroupCoordinator.Surroundings surroundings) {
        this.self = self;
        this.surroundings = surroundings;
    }

    /// Empty if this broker does not coordinate the partition's groups; the answer is empty if it stopped to meanwhile.
    Optional<CompletableFuture<Optional<GroupReply>>> ask(TopicPartition partition, GroupRequest request) {
        GroupCoordinator coordinator;
        synchronized (this) {
            coordinator = running.get(partition);
        }
        return Optional.ofNullable(coordinator).map(found -> found.ask(request));
    }

    @Override
    public synchronized void onSnapshot(MetadataImage now) {
        image = now;
        topicsChanged();
        follow();
    }

    @Override
    public synchronized void onEvents(MetadataImage now, List<MetadataEvent> events) {
        image = now;
        if (events.stream().anyMatch(GroupCoordinators::concernsTopics)) {
            topicsChanged();
        }
        if (events.stream().anyMatch(GroupCoordinators::concernsLeaders)) {
            follow();
        }
    }

    private static boolean concernsTopics(MetadataEvent event) {
        return switch (event) {
            case MetadataEvent.TopicCreated _, MetadataEvent.TopicDeleted _, MetadataEvent.PartitionsCreated _ -> true;
            case MetadataEvent.PartitionChanged _,
                    MetadataEvent.ProducerIdsAllocated _,
                    MetadataEvent.BrokerChanged _,
                    MetadataEvent.BrokerUnregistered _,
                    MetadataEvent.BrokerRegistered _,
                    MetadataEvent.TopicConfigsChanged _,
                    MetadataEvent.ControllerRegistered _,
                    MetadataEvent.ControllerUnregistered _,
                    MetadataEvent.FeatureLevelFinalized _ -> false;
        };
    }

    private static boolean concernsLeaders(MetadataEvent event) {
        return event instanceof MetadataEvent.PartitionChanged || concernsTopics(event);
    }

    /// Nobody needs them before there are groups.
    private void topicsChanged() {
        if (OffsetsTopic.in(image).isEmpty()) {
            return;
        }
        var byName = new HashMap<String, Topics.Topic>();
        image.topics()
                .forEach(topic -> byName.put(
                        topic.name(),
                        new Topics.Topic(topic.id(), topic.partitions().size())));
        topics = new Topics(image.index(), byName);
        running.values().forEach(coordinator -> coordinator.topicsChanged(topics));
    }

    /// Ends what this broker does not lead any more in that epoch, and begins what it leads now.
    private void follow() {
        var led = new HashSet<TopicPartition>();
        OffsetsTopic.in(image).ifPresent(topic -> {
            for (var partition : topic.partitions()) {
                if (partition.leader().equals(Optional.of(self))) {
                    led.add(new TopicPartition(topic.id(), partition.partition()));
                }
            }
        });
        for (var partition : List.copyOf(running.keySet())) {
            if (!led.contains(partition)) {
                end(partition);
            }
        }
        backoffs.keySet().retainAll(led);
        led.forEach(this::begin);
    }

    private void begin(TopicPartition partition) {
        var leads = image.partition(partition).filter(found -> found.leader().equals(Optional.of(self)));
        if (closed || leads.isEmpty()) {
            return;
        }
        var epoch = leads.get().leaderEpoch();
        var current = running.get(partition);
        if (current != null && current.epoch().equals(epoch)) {
            return;
        }
        end(partition);
        var coordinator = new GroupCoordinator(partition, epoch, surroundings, () -> ended(partition));
        running.put(partition, coordinator);
        coordinator.begin(topics);
    }

    private void end(TopicPartition partition) {
        var former = running.remove(partition);
        if (former != null) {
            former.close();
        }
    }

    /// One that has ended by itself is followed by another, as long as this broker leads the partition.
    private synchronized void ended(TopicPartition partition) {
        var current = running.get(partition);
        if (closed || current == null || !current.hasEnded()) {
            return;
        }
        var now = TimeUnit.NANOSECONDS.toMillis(surroundings.clock().nanoTime());
        var wait = backoffs.computeIfAbsent(
                        partition,
                        _ -> new ReloadBackoff(() -> ThreadLocalRandom.current().nextLong(), now))
                .nextMillis(now);
        try {
            var _ = surroundings.timers().schedule(() -> again(partition), wait, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("the node stops", e);
        }
    }

    private synchronized void again(TopicPartition partition) {
        var current = running.get(partition);
        if (current != null && current.hasEnded()) {
            running.remove(partition);
        }
        if (!running.containsKey(partition)) {
            begin(partition);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        running.values().forEach(GroupCoordinator::close);
        running.clear();
        backoffs.clear();
    }
}
