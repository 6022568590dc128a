package io.weirlog.metadata.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.FeatureRange;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// A machine at work, and the short words of a test for what is done to it.
final class Cluster {
    private MetadataState state = MetadataState.EMPTY;

    MetadataState state() {
        return state;
    }

    Applied apply(MetadataCommand command) {
        var applied = MetadataMachine.apply(state, state.index() + 1, command);
        state = applied.state();
        return applied;
    }

    /// Applies a command that is not refused.
    Applied accepted(MetadataCommand command) {
        var applied = apply(command);
        assertFalse(applied.reply() instanceof MetadataReply.Rejected, () -> command + ": " + applied.reply());
        return applied;
    }

    MetadataReply.Rejected rejection(MetadataCommand command) {
        return assertInstanceOf(MetadataReply.Rejected.class, apply(command).reply(), command::toString);
    }

    void register(int... brokers) {
        for (int broker : brokers) {
            accepted(Commands.register(broker));
        }
    }

    /// `t` with one partition on the brokers from 1 on.
    TopicId create(String name, int replicas, Map<String, String> configs) {
        var command = Commands.create(name, 1, replicas, configs);
        accepted(command);
        return command.topic().topicId();
    }

    BrokerEpoch epoch(int broker) {
        return Optional.ofNullable(state.brokers().get(new BrokerId(broker)))
                .orElseThrow()
                .epoch();
    }

    Applied fence(int broker) {
        return accepted(Commands.fence(broker, epoch(broker)));
    }

    Applied unfence(int broker) {
        return accepted(Commands.unfence(broker, epoch(broker)));
    }

    Applied drain(int broker) {
        return accepted(Commands.drain(broker, epoch(broker)));
    }

    /// A new life after an unclean stop, at once in service.
    Applied restart(int broker) {
        return accepted(Commands.register(broker));
    }

    Applied restartAfterCleanStop(int broker, BrokerEpoch stopped) {
        return restartAfterCleanStop(broker, stopped, List.of());
    }

    Applied restartAfterCleanStop(int broker, BrokerEpoch stopped, List<UUID> directories) {
        return accepted(new MetadataCommand.RegisterBroker(
                Commands.request(),
                new BrokerId(broker),
                new UUID(7, state.index()),
                Optional.empty(),
                Map.of("client", new Endpoint("host", 7171)),
                false,
                Optional.of(stopped),
                directories,
                FeatureRange.FIRST));
    }

    /// `leader` asks for this in-sync set of the first partition.
    Applied alterIsr(int leader, int... inSync) {
        var members = Arrays.stream(inSync)
                .mapToObj(member -> new IsrChange.Member(new BrokerId(member), epoch(member)))
                .toList();
        var change = new IsrChange(
                new TopicPartition(topic().id(), 0),
                partition().leaderEpoch(),
                partition().partitionEpoch(),
                members);
        return accepted(
                new MetadataCommand.AlterIsr(Commands.request(), new BrokerId(leader), epoch(leader), List.of(change)));
    }

    TopicImage topic() {
        return state.topics().byName("t").orElseThrow();
    }

    PartitionImage partition() {
        return topic().partitions().getFirst();
    }

    /// Of each partition that changed.
    static List<Optional<Election>> elections(Applied applied) {
        return applied.events().stream()
                .filter(MetadataEvent.PartitionChanged.class::isInstance)
                .map(event -> ((MetadataEvent.PartitionChanged) event).election())
                .toList();
    }

    void assertPartition(String expected) {
        var partition = partition();
        assertEquals(
                expected,
                "leader %s, epoch %s, change %d, in sync %s, eligible %s"
                        .formatted(
                                partition.leader().map(BrokerId::toString).orElse("-"),
                                partition.leaderEpoch(),
                                partition.partitionEpoch(),
                                partition.inSyncReplicas(),
                                partition.eligibleLeaderReplicas()));
    }
}
