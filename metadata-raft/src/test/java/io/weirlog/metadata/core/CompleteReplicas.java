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
import org.jspecify.annotations.Nullable;

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
        boolean wiped = wiped(before.brokers().get(register.brokerId()), register);
        for (var topic : before.topics().byNames()) {
            if (wiped || cached(topic)) {
                topic.partitions()
                        .forEach(partition -> holders(topic, partition).remove(register.brokerId()));
            }
        }
    }

    private static boolean crashed(Optional<BrokerImage> former, MetadataCommand.RegisterBroker register) {
        return former.filter(life -> !life.incarnation().equals(register.incarnation()))
                .filter(life -> !register.cleanlyStopped().equals(Optional.of(life.epoch()))
                        || !register.directories().containsAll(life.directories()))
                .isPresent();
    }

    private static boolean wiped(@Nullable BrokerImage former, MetadataCommand.RegisterBroker register) {
        return former != null
                && !former.directories().isEmpty()
                && former.directories().stream().noneMatch(register.directories()::contains);
    }

    void follow(MetadataState before, MetadataCommand command, MetadataEvent event) {
        if (event instanceof MetadataEvent.TopicCreated(var topic)) {
            topic.partitions().forEach(partition -> complete.put(id(topic, partition), all(partition)));
        } else if (event instanceof MetadataEvent.PartitionsCreated created) {
            var topic = before.topics().existing(created.topicId());
            created.added().forEach(partition -> complete.put(id(topic, partition), all(partition)));
        } else if (event instanceof MetadataEvent.TopicConfigsChanged changed) {
            var topic = before.topics().existing(changed.topicId()).withConfigs(changed.configs());
            topic.partitions().stream()
                    .filter(partition -> partition.leader().isPresent())
                    .forEach(partition -> acknowledged(topic, partition));
        } else if (event instanceof MetadataEvent.PartitionChanged change) {
            var topic = before.topics().existing(change.topicId());
            var former = topic.partitions().get(change.partition().partition());
            if (command instanceof MetadataCommand.AlterIsr alter) {
                // Whoever joins is complete: the leader says so.
                alter.changes().stream()
                        .filter(wanted -> wanted.partition().equals(id(topic, former)))
                        .flatMap(wanted -> wanted.inSync().stream())
                        .map(IsrChange.Member::id)
                        .filter(change.partition().inSyncReplicas()::contains)
                        .forEach(holders(topic, former)::add);
            }
            check(before, command, topic, change);
        }
    }

    private void check(
            MetadataState state, MetadataCommand command, TopicImage topic, MetadataEvent.PartitionChanged change) {
        var partition = change.partition();
        var former = topic.partitions().get(partition.partition());
        assertEquals(
                partition.leaderEpoch().isAfter(former.leaderEpoch()),
                change.election().isPresent(),
                "an election and a new epoch go together");
        var holders = holders(topic, partition);
        holders.retainAll(partition.replicas());
        boolean unclean =
                change.election().filter(election -> !election.clean()).isPresent();
        if (unclean) {
            boolean asked =
                    command instanceof MetadataCommand.ElectLeaders elect && elect.kind() == ElectionKind.UNCLEAN;
            assertTrue(
                    asked || "true".equals(topic.configs().get("unclean.leader.election.enable")),
                    "R12: without consent");
            assertTrue(
                    former.inSyncReplicas().stream().filter(holders::contains).noneMatch(state::isLive),
                    "R12: without need");
            holders.clear();
        }
        if (partition.leader().isPresent()) {
            if (!unclean
                    && change.election().isPresent()
                    && former.settledReplicas().size() > 1) {
                assertTrue(holders.contains(partition.leader().get()), "R2: the leader lacks acknowledged records");
            }
            holders.addAll(partition.inSyncReplicas());
            acknowledged(topic, partition);
        }
    }

    /// At worst, the next record is acknowledged by the in-sync replicas only.
    private void acknowledged(TopicImage topic, PartitionImage partition) {
        int minInSync = Integer.parseInt(topic.configs().getOrDefault("min.insync.replicas", "1"));
        if (partition.inSyncReplicas().size()
                >= Math.min(minInSync, partition.settledReplicas().size())) {
            holders(topic, partition).retainAll(partition.inSyncReplicas());
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
