package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;

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
            Map.of("min.insync.replicas", "1"),
            Map.of("retention.ms", "soon"));

    private final Random random;
    private final RandomNodes nodes;
    private final List<MetadataCommand> sent = new ArrayList<>();
    private final List<TopicId> topicIds = new ArrayList<>();

    public RandomCommands(long seed) {
        this.random = new Random(seed);
        this.nodes = new RandomNodes(random);
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
        var command = switch (random.nextInt(48)) {
            case 0, 1, 2, 3 -> register(view);
            case 4, 5, 6, 7, 8 -> new MetadataCommand.CreateTopic(requestId(), newTopic());
            case 9 -> new MetadataCommand.DeleteTopic(requestId(), any(NAMES));
            case 10 -> new MetadataCommand.DeleteTopic(requestId(), topicId());
            case 11, 12, 13, 14, 15, 16, 17, 18, 19 -> aboutBroker(brokerId(), view);
            case 20, 21, 22 -> elect(view, ElectionKind.PREFERRED);
            case 23 -> allocateProducerIds(brokerId(), view);
            case 24 -> new MetadataCommand.CreateTopics(requestId(), some(this::newTopic));
            case 25 -> new MetadataCommand.DeleteTopics(requestId(), some(() -> topic(view)));
            case 26, 27 -> createPartitions(view);
            case 28, 29, 30 -> alterConfigs(view);
            case 31, 32, 33, 34, 35 -> reassign(view);
            case 36 -> elect(view, ElectionKind.UNCLEAN);
            case 37 -> nodes.next(requestId(), view);
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

    private MetadataCommand elect(MetadataState view, ElectionKind kind) {
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
        return new MetadataCommand.ElectLeaders(requestId(), kind, partitions);
    }

    private MetadataCommand allocateProducerIds(BrokerId broker, MetadataState view) {
        var epoch = epoch(broker, view).orElseGet(() -> new BrokerEpoch(random.nextInt(100)));
        return new MetadataCommand.AllocateProducerIds(requestId(), broker, epoch);
    }

    private MetadataCommand alterIsr(MetadataState view) {
        if (random.nextInt(10) == 0) {
            return leave(brokerId(), view);
        }
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

    /// Some of the broker's logs have failed.
    private MetadataCommand leave(BrokerId broker, MetadataState view) {
        var changes = new ArrayList<IsrChange>();
        for (var topic : view.topics().byNames()) {
            for (var partition : topic.partitions()) {
                if (partition.replicas().contains(broker) && random.nextInt(3) == 0) {
                    var others = partition.inSyncReplicas().stream()
                            .filter(replica -> !replica.equals(broker))
                            .map(replica -> new IsrChange.Member(
                                    replica, epoch(replica, view).orElse(new BrokerEpoch(0))))
                            .toList();
                    changes.add(new IsrChange(
                            new TopicPartition(topic.id(), partition.partition()),
                            partition.leaderEpoch(),
                            partition.partitionEpoch(),
                            others));
                }
            }
        }
        var epoch = epoch(broker, view).orElse(new BrokerEpoch(0));
        return new MetadataCommand.AlterIsr(requestId(), broker, epoch, changes);
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
                random.nextBoolean() ? epoch(broker, view) : Optional.empty(),
                directories(broker),
                nodes.features());
    }

    /// Mostly both; now and then one is missing, or all are new.
    private List<UUID> directories(BrokerId broker) {
        var one = new UUID(4, broker.value());
        var other = new UUID(5, broker.value());
        return switch (random.nextInt(12)) {
            case 0 -> List.of(one);
            case 1 -> List.of(new UUID(6, random.nextInt(3)));
            default -> List.of(one, other);
        };
    }

    private NewTopic newTopic() {
        int partitions = random.nextInt(8);
        int replicationFactor = random.nextInt(5);
        return new NewTopic(
                any(NAMES),
                topicId(),
                partitions,
                replicationFactor,
                replicas(partitions, replicationFactor),
                any(CONFIGS));
    }

    /// Mostly none, and then the machine places them.
    private List<List<BrokerId>> replicas(int partitions, int replicationFactor) {
        var replicas = new ArrayList<List<BrokerId>>();
        if (random.nextInt(4) == 0) {
            for (int i = 0; i < partitions; i++) {
                replicas.add(brokers(replicationFactor));
            }
        }
        return replicas;
    }

    private List<BrokerId> brokers(int count) {
        var brokers = new ArrayList<BrokerId>();
        while (brokers.size() < count) {
            var broker = brokerId();
            if (!brokers.contains(broker) || random.nextInt(50) == 0) {
                brokers.add(broker);
            }
        }
        return brokers;
    }

    private MetadataCommand createPartitions(MetadataState view) {
        var topic = topic(view);
        int before = view.topics()
                .find(topic)
                .map(known -> known.partitions().size())
                .orElse(1);
        int factor =
                view.topics().find(topic).map(TopicImage::replicationFactor).orElse(1);
        int added = random.nextInt(4);
        return new MetadataCommand.CreatePartitions(requestId(), topic, before + added, replicas(added, factor));
    }

    private MetadataCommand alterConfigs(MetadataState view) {
        var delete = new HashSet<String>();
        if (random.nextInt(3) == 0) {
            delete.add(any(List.of("min.insync.replicas", "unclean.leader.election.enable", "retention.ms", "nosuch")));
        }
        return new MetadataCommand.AlterTopicConfigs(requestId(), topic(view), any(CONFIGS), delete);
    }

    private MetadataCommand reassign(MetadataState view) {
        var moves = new ArrayList<ReplicaMove>();
        for (var topic : view.topics().byNames()) {
            for (var partition : topic.partitions()) {
                boolean moving = partition.reassignment().isPresent();
                if (random.nextInt(6) == 0) {
                    var target = random.nextInt(moving ? 2 : 10) == 0
                            ? Optional.<List<BrokerId>>empty()
                            : Optional.of(brokers(random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(3)));
                    moves.add(new ReplicaMove(new TopicPartition(topic.id(), partition.partition()), target));
                }
            }
        }
        return new MetadataCommand.AlterReassignments(requestId(), moves);
    }

    private TopicRef topic(MetadataState view) {
        var known = List.copyOf(view.topics().byNames());
        if (known.isEmpty() || random.nextInt(10) == 0) {
            return new TopicRef.ByName(any(NAMES));
        }
        var topic = any(known);
        return random.nextBoolean() ? new TopicRef.ByName(topic.name()) : new TopicRef.ById(topic.id());
    }

    private <T> List<T> some(Supplier<T> items) {
        return Stream.generate(items).limit(random.nextInt(4)).toList();
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
