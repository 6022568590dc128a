package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Which replicas really hold all acknowledged records, at worst: what every partition's leader must be one of
/// (R2, R10 to R12). It knows brokers and crashes, but nothing of the eligible set.
///
/// At worst, a leader with enough replicas in sync acknowledges records at once that only those get, and an
/// unclean stop loses the newest record, unless the topic has it flushed before it is acknowledged.
final class CompleteReplicas {
    private final Map<TopicPartition, Set<BrokerId>> complete = new HashMap<>();

    /// To be told first of a command's `events`: the crash comes before what is made of it.
    void lost(MetadataState before, MetadataCommand command, List<MetadataEvent> events) {
        if (!(command instanceof MetadataCommand.RegisterBroker register)
                || events.isEmpty()
                || !crashed(Optional.ofNullable(before.brokers().get(register.brokerId())), register)) {
            return;
        }
        for (var topic : before.topics().byNames()) {
            if (cached(topic)) {
                topic.partitions()
                        .forEach(partition -> holders(topic, partition).remove(register.brokerId()));
            }
        }
    }

    private static boolean crashed(Optional<BrokerImage> former, MetadataCommand.RegisterBroker register) {
        return former.filter(life -> !life.incarnation().equals(register.incarnation()))
                .filter(life -> !register.cleanlyStopped().equals(Optional.of(life.epoch())))
                .isPresent();
    }

    void follow(MetadataState before, MetadataEvent event) {
        if (event instanceof MetadataEvent.TopicCreated(var topic)) {
            topic.partitions().forEach(partition -> complete.put(id(topic, partition), all(partition)));
        } else if (event instanceof MetadataEvent.PartitionChanged change) {
            var topic = before.topics().existing(change.topicId());
            var former = topic.partitions().get(change.partition().partition());
            check(before, topic, former, change);
        }
    }

    private void check(
            MetadataState state, TopicImage topic, PartitionImage former, MetadataEvent.PartitionChanged change) {
        var partition = change.partition();
        assertEquals(
                partition.leaderEpoch().isAfter(former.leaderEpoch()),
                change.election().isPresent(),
                "an election and a new epoch go together");
        var holders = holders(topic, partition);
        if (former.leader().filter(partition.inSyncReplicas()::contains).isPresent()) {
            // Whoever joins is complete: the leader says so.
            holders.addAll(partition.inSyncReplicas());
        }
        boolean unclean =
                change.election().filter(election -> !election.clean()).isPresent();
        if (unclean) {
            assertEquals("true", topic.configs().get("unclean.leader.election.enable"), "R12: without consent");
            assertTrue(former.inSyncReplicas().stream().noneMatch(state::isLive), "R12: without need");
            holders.clear();
        }
        if (partition.leader().isPresent()) {
            if (!unclean
                    && change.election().isPresent()
                    && partition.replicas().size() > 1) {
                assertTrue(holders.contains(partition.leader().get()), "R2: the leader lacks acknowledged records");
            }
            holders.addAll(partition.inSyncReplicas());
            int minInSync = Integer.parseInt(topic.configs().getOrDefault("min.insync.replicas", "1"));
            if (partition.inSyncReplicas().size()
                    >= Math.min(minInSync, partition.replicas().size())) {
                holders.retainAll(partition.inSyncReplicas());
            }
        }
    }

    private Set<BrokerId> holders(TopicImage topic, PartitionImage partition) {
        return complete.computeIfAbsent(id(topic, partition), unknown -> fail("an unknown partition: " + unknown));
    }

    private static boolean cached(TopicImage topic) {
        return "page-cache".equals(topic.configs().get("durability"));
    }

    private static Set<BrokerId> all(PartitionImage partition) {
        return new HashSet<>(partition.inSyncReplicas());
    }

    private static TopicPartition id(TopicImage topic, PartitionImage partition) {
        return new TopicPartition(topic.id(), partition.partition());
    }
}
