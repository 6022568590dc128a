package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.PartitionImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;

/// A stream of commands from a seed: mostly sensible, some nonsense, some retries. Names and brokers are few,
/// so that commands meet each other.
public final class RandomCommands {
    private static final List<String> NAMES = List.of("a", "b", "a.b", "a_b", "orders", "x-1", "", "no/good");
    private static final List<Map<String, String>> CONFIGS = List.of(
            Map.of(),
            Map.of("retention.ms", "1000", "durability", "page-cache"),
            Map.of("min.insync.replicas", "2"),
            Map.of("min.insync.replicas", "2", "durability", "page-cache"),
            Map.of("unclean.leader.election.enable", "true"),
            Map.of("retention.ms", "soon"));

    private final Random random;
    private final List<MetadataCommand> sent = new ArrayList<>();
    private final List<TopicId> topicIds = new ArrayList<>();

    public RandomCommands(long seed) {
        this.random = new Random(seed);
    }

    /// A command of a proposer who knows nothing.
    public MetadataCommand next() {
        return next(MetadataState.EMPTY);
    }

    /// A command of a proposer who goes by `view`: the state, or an older one.
    public MetadataCommand next(MetadataState view) {
        if (!sent.isEmpty() && random.nextInt(5) == 0) {
            return any(sent);
        }
        var command = switch (random.nextInt(32)) {
            case 0, 1, 2, 3 -> register(view);
            case 4, 5, 6, 7, 8 -> create();
            case 9 -> new MetadataCommand.DeleteTopic(requestId(), any(NAMES));
            case 10 -> new MetadataCommand.DeleteTopic(requestId(), topicId());
            case 11, 12, 13, 14, 15, 16, 17, 18, 19 -> aboutBroker(brokerId(), view);
            case 28, 30, 31 -> electPreferred(view);
            case 29 -> allocateProducerIds(brokerId(), view);
            default -> alterIsr(view);
        };
        sent.add(command);
        return command;
    }

    private MetadataCommand aboutBroker(BrokerId broker, MetadataState view) {
        var epoch = epoch(broker, view).orElseGet(() -> new BrokerEpoch(random.nextInt(100)));
        return switch (random.nextInt(9)) {
            case 0, 1, 2 -> new MetadataCommand.FenceBroker(requestId(), broker, epoch);
            case 3, 4, 5, 6 -> new MetadataCommand.UnfenceBroker(requestId(), broker, epoch);
            case 7 -> new MetadataCommand.DrainBroker(requestId(), broker, epoch);
            default -> new MetadataCommand.UnregisterBroker(requestId(), broker, epoch);
        };
    }

    private MetadataCommand electPreferred(MetadataState view) {
        var partitions = new ArrayList<TopicPartition>();
        for (var topic : view.topics().byNames()) {
            for (var partition : topic.partitions()) {
                boolean displaced = !partition
                        .leader()
                        .equals(Optional.of(partition.replicas().getFirst()));
                if (displaced || random.nextInt(8) == 0) {
                    partitions.add(new TopicPartition(topic.id(), partition.partition()));
                }
            }
        }
        return new MetadataCommand.ElectPreferredLeaders(requestId(), partitions);
    }

    private MetadataCommand allocateProducerIds(BrokerId broker, MetadataState view) {
        var epoch = epoch(broker, view).orElseGet(() -> new BrokerEpoch(random.nextInt(100)));
        return new MetadataCommand.AllocateProducerIds(requestId(), broker, epoch);
    }

    private MetadataCommand alterIsr(MetadataState view) {
        var leaders = view.topics().byNames().stream()
                .flatMap(topic -> topic.partitions().stream())
                .flatMap(partition -> partition.leader().stream())
                .toList();
        var leader = leaders.isEmpty() ? brokerId() : any(leaders);
        var changes = new ArrayList<IsrChange>();
        for (var topic : view.topics().byNames()) {
            for (var partition : topic.partitions()) {
                if (partition.leader().equals(Optional.of(leader)) && random.nextInt(3) == 0) {
                    changes.add(change(new TopicPartition(topic.id(), partition.partition()), partition, view));
                }
            }
        }
        var epoch = epoch(leader, view).orElseGet(() -> new BrokerEpoch(random.nextInt(100)));
        return new MetadataCommand.AlterIsr(requestId(), leader, epoch, changes);
    }

    private IsrChange change(TopicPartition id, PartitionImage partition, MetadataState view) {
        var members = new ArrayList<IsrChange.Member>();
        for (var replica : partition.replicas()) {
            if (partition.leader().equals(Optional.of(replica)) || random.nextInt(3) != 0) {
                members.add(new IsrChange.Member(replica, epoch(replica, view).orElse(new BrokerEpoch(0))));
            }
        }
        if (random.nextInt(20) == 0) {
            members.add(new IsrChange.Member(brokerId(), new BrokerEpoch(random.nextInt(100))));
        }
        return new IsrChange(id, partition.leaderEpoch(), partition.partitionEpoch(), members);
    }

    private BrokerId brokerId() {
        return new BrokerId(random.nextInt(6));
    }

    private static Optional<BrokerEpoch> epoch(BrokerId broker, MetadataState view) {
        return Optional.ofNullable(view.brokers().get(broker)).map(BrokerImage::epoch);
    }

    private MetadataCommand register(MetadataState view) {
        var broker = brokerId();
        var rack = random.nextBoolean() ? Optional.of("rack-" + random.nextInt(3)) : Optional.<String>empty();
        return new MetadataCommand.RegisterBroker(
                requestId(),
                broker,
                new UUID(2, random.nextInt(20)),
                rack,
                Map.of("client", new Endpoint("host", random.nextInt(20) == 0 ? 0 : 7171)),
                random.nextInt(4) == 0,
                random.nextBoolean() ? epoch(broker, view) : Optional.empty());
    }

    private MetadataCommand create() {
        int partitions = random.nextInt(8);
        int replicationFactor = random.nextInt(5);
        return new MetadataCommand.CreateTopic(
                requestId(), any(NAMES), topicId(), partitions, replicationFactor, any(CONFIGS));
    }

    private TopicId topicId() {
        if (!topicIds.isEmpty() && random.nextInt(3) == 0) {
            return any(topicIds);
        }
        topicIds.add(new TopicId(new UUID(random.nextLong(), random.nextLong())));
        return topicIds.getLast();
    }

    private RequestId requestId() {
        return new RequestId(new UUID(random.nextLong(), random.nextLong()));
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
