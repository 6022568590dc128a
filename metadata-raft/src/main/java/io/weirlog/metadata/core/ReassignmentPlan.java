package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Where partitions would go: over racks, evenly, and with no more replicas moved than that takes. Only a proposal:
/// [ReassignmentRules] decides about what is then asked for.
public sealed interface ReassignmentPlan {
    /// @param moves of those partitions only that do not stay where they are
    record Planned(List<Move> moves) implements ReassignmentPlan {
        public Planned {
            moves = List.copyOf(moves);
        }
    }

    record Refused(RejectReason reason, String message) implements ReassignmentPlan {}

    /// @param topic its name
    record Move(TopicPartition partition, String topic, List<BrokerId> current, List<BrokerId> target) {}

    /// A topic spread over these brokers and no others.
    static ReassignmentPlan spread(MetadataState state, TopicImage topic, List<BrokerId> brokers) {
        var problems = new Problems();
        checkBrokers(state, topic, brokers, problems);
        for (var partition : topic.partitions()) {
            checkSettled(topic, partition, problems);
            int replicas = partition.settledReplicas().size();
            if (replicas > new HashSet<>(brokers).size()) {
                problems.add(
                        RejectReason.INVALID_REPLICATION_FACTOR,
                        "%s has %d replicas, which need as many brokers, not %s",
                        name(topic, partition),
                        replicas,
                        brokers);
                break;
            }
        }
        if (!problems.isEmpty()) {
            return refused(problems);
        }
        var chosen = Set.copyOf(brokers);
        var spread = new ReplicaSpread(
                candidates(state, broker -> chosen.contains(broker.id())), broker -> rack(state, broker));
        topic.partitions().forEach(partition -> spread.add(partition.settledReplicas()));
        spread.fill();
        spread.balance();
        var moves = new ArrayList<Move>();
        for (int i = 0; i < topic.partitions().size(); i++) {
            add(moves, topic, topic.partitions().get(i), spread.replicas(i));
        }
        return new Planned(moves);
    }

    /// All that a broker keeps, elsewhere. What is on its way from it already is left out.
    static ReassignmentPlan evacuation(MetadataState state, BrokerId evacuated) {
        if (!state.brokers().containsKey(evacuated)) {
            return new Refused(RejectReason.BROKER_NOT_FOUND, "there is no broker " + evacuated);
        }
        var candidates = candidates(state, broker -> !broker.id().equals(evacuated) && state.isServing(broker.id()));
        var spread = new ReplicaSpread(candidates, broker -> rack(state, broker));
        var partitions = new ArrayList<PartitionImage>();
        var topics = new ArrayList<TopicImage>();
        var problems = new Problems();
        for (var topic : state.topics().byNames()) {
            for (var partition : topic.partitions()) {
                var leaves = partition.removingReplicas().contains(evacuated);
                if (leaves || !partition.replicas().contains(evacuated)) {
                    continue;
                }
                checkSettled(topic, partition, problems);
                if (candidates.stream().allMatch(one -> partition.replicas().contains(one.id()))) {
                    problems.add(
                            RejectReason.INVALID_REPLICATION_FACTOR,
                            "%s is on all other brokers in service already",
                            name(topic, partition));
                }
                topics.add(topic);
                partitions.add(partition);
                spread.add(partition.settledReplicas());
            }
        }
        if (!problems.isEmpty()) {
            return refused(problems);
        }
        spread.fill(evacuated);
        var moves = new ArrayList<Move>();
        for (int i = 0; i < partitions.size(); i++) {
            add(moves, topics.get(i), partitions.get(i), spread.replicas(i));
        }
        return new Planned(moves);
    }

    private static void add(List<Move> moves, TopicImage topic, PartitionImage partition, List<BrokerId> target) {
        if (!target.equals(partition.settledReplicas())) {
            var id = new TopicPartition(topic.id(), partition.partition());
            moves.add(new Move(id, topic.name(), partition.settledReplicas(), target));
        }
    }

    private static void checkBrokers(MetadataState state, TopicImage topic, List<BrokerId> brokers, Problems problems) {
        for (var broker : brokers) {
            if (!state.brokers().containsKey(broker)) {
                problems.add(RejectReason.BROKER_NOT_FOUND, "there is no broker %s", broker);
            } else if (!state.isServing(broker)
                    && topic.partitions().stream()
                            .anyMatch(partition -> !partition.replicas().contains(broker))) {
                problems.add(RejectReason.INVALID_REPLICAS, "broker %s is out of service or about to stop", broker);
            }
        }
    }

    private static void checkSettled(TopicImage topic, PartitionImage partition, Problems problems) {
        partition
                .reassignment()
                .ifPresent(move -> problems.add(
                        RejectReason.REASSIGNMENT_IN_PROGRESS,
                        "%s is on its way to %s already: wait for that, or call it off",
                        name(topic, partition),
                        move.target()));
    }

    private static List<ReplicaSpread.Candidate> candidates(MetadataState state, Predicate<BrokerImage> chosen) {
        return state.brokers().values().stream()
                .filter(chosen)
                .map(broker -> new ReplicaSpread.Candidate(
                        broker.id(), state.load(broker.id()).replicas()))
                .toList();
    }

    private static Optional<String> rack(MetadataState state, BrokerId broker) {
        return Optional.ofNullable(state.brokers().get(broker)).flatMap(BrokerImage::rack);
    }

    private static ReassignmentPlan refused(Problems problems) {
        var rejection = problems.rejection().orElseThrow();
        return new Refused(rejection.reason(), rejection.message());
    }

    private static String name(TopicImage topic, PartitionImage partition) {
        return topic.name() + "-" + partition.partition();
    }
}
