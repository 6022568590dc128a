package io.weirlog.metadata.core;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataCommand.CreateTopic;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopic;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Topics come and go.
final class TopicRules {
    private TopicRules() {}

    static Decision create(MetadataState state, CreateTopic command) {
        var candidates = candidates(state);
        var problems = new Problems();
        checkName(state, command, problems);
        checkPartitions(state, command, problems);
        checkReplicationFactor(command, candidates.size(), problems);
        checkConfigs(command, problems);
        return problems.rejection()
                .map(Decision::reject)
                .orElseGet(() -> new Decision(
                        List.of(new MetadataEvent.TopicCreated(newTopic(command, candidates))),
                        new MetadataReply.TopicCreated(command.topicId(), state.index())));
    }

    static Decision delete(MetadataState state, DeleteTopic command) {
        return state.topics()
                .find(command.topic())
                .map(topic -> new Decision(
                        List.of(new MetadataEvent.TopicDeleted(topic.id(), topic.name())),
                        new MetadataReply.TopicDeleted(topic.id(), state.index())))
                .orElseGet(() -> Decision.reject(RejectReason.TOPIC_NOT_FOUND, notFound(command.topic())));
    }

    private static String notFound(TopicRef topic) {
        return switch (topic) {
            case TopicRef.ByName(var name) -> TopicNames.problem(name).orElse("there is no topic \"" + name + "\"");
            case TopicRef.ById(var id) -> "there is no topic with the id " + id;
        };
    }

    private static void checkName(MetadataState state, CreateTopic command, Problems problems) {
        var illegal = TopicNames.problem(command.name());
        if (illegal.isPresent()) {
            problems.add(RejectReason.INVALID_TOPIC_NAME, "%s", illegal.get());
            return;
        }
        state.topics().collision(command.name()).ifPresent(taken -> {
            if (taken.equals(command.name())) {
                problems.add(RejectReason.TOPIC_ALREADY_EXISTS, "topic \"%s\" exists already", taken);
            } else {
                problems.add(
                        RejectReason.TOPIC_NAME_COLLISION,
                        "topic name \"%s\" collides with topic \"%s\": metrics cannot tell '.' from '_'",
                        command.name(),
                        taken);
            }
        });
        if (state.topics().byId(command.topicId()).isPresent()) {
            problems.add(RejectReason.TOPIC_ID_IN_USE, "topic id %s is in use: draw another", command.topicId());
        }
    }

    private static void checkPartitions(MetadataState state, CreateTopic command, Problems problems) {
        int partitions = command.partitions();
        if (partitions < 1 || partitions > MetadataLimits.PARTITIONS_PER_TOPIC_MAX) {
            problems.add(
                    RejectReason.INVALID_PARTITIONS,
                    "a topic has 1 to %d partitions, not %d",
                    MetadataLimits.PARTITIONS_PER_TOPIC_MAX,
                    partitions);
        } else if (partitions
                > MetadataLimits.PARTITIONS_PER_CLUSTER_MAX - state.topics().partitionCount()) {
            problems.add(
                    RejectReason.LIMIT_EXCEEDED,
                    "the cluster has %d partitions and can have %d: no room for %d more",
                    state.topics().partitionCount(),
                    MetadataLimits.PARTITIONS_PER_CLUSTER_MAX,
                    partitions);
        }
    }

    private static void checkReplicationFactor(CreateTopic command, int liveBrokers, Problems problems) {
        int factor = command.replicationFactor();
        if (factor < 1 || factor > MetadataLimits.REPLICAS_PER_PARTITION_MAX) {
            problems.add(
                    RejectReason.INVALID_REPLICATION_FACTOR,
                    "a replication factor is 1 to %d, not %d",
                    MetadataLimits.REPLICAS_PER_PARTITION_MAX,
                    factor);
        } else if (factor > liveBrokers) {
            problems.add(
                    RejectReason.INVALID_REPLICATION_FACTOR,
                    "replication factor %d needs as many live brokers, there %s %d",
                    factor,
                    liveBrokers == 1 ? "is" : "are",
                    liveBrokers);
        }
    }

    private static void checkConfigs(CreateTopic command, Problems problems) {
        var found = TopicConfigs.problems(command.configs());
        found.forEach(problem -> problems.add(RejectReason.INVALID_CONFIG, "%s", problem));
        if (found.isEmpty()) {
            long minInSync = TopicConfigs.effective(command.configs()).longValue(TopicConfigs.MIN_INSYNC_REPLICAS);
            if (command.configs().containsKey(TopicConfigs.MIN_INSYNC_REPLICAS)
                    && minInSync > command.replicationFactor()) {
                problems.add(
                        RejectReason.INVALID_CONFIG,
                        "%s: %d is above the replication factor %d, so nothing could be acknowledged by all",
                        TopicConfigs.MIN_INSYNC_REPLICAS,
                        minInSync,
                        command.replicationFactor());
            }
        }
    }

    private static List<ReplicaPlacement.Candidate> candidates(MetadataState state) {
        return state.brokers().values().stream()
                .filter(broker -> state.isServing(broker.id()))
                .map(broker -> new ReplicaPlacement.Candidate(broker.id(), broker.rack(), state.load(broker.id())))
                .toList();
    }

    private static TopicImage newTopic(CreateTopic command, List<ReplicaPlacement.Candidate> candidates) {
        var placed = ReplicaPlacement.place(command.partitions(), command.replicationFactor(), candidates);
        var partitions = new ArrayList<PartitionImage>(placed.size());
        for (List<BrokerId> replicas : placed) {
            // All candidates are live, so all are in sync with the empty log, and the preferred leader leads.
            var leader = Optional.of(replicas.getFirst());
            partitions.add(new PartitionImage(partitions.size(), replicas, replicas, leader, new LeaderEpoch(0), 0));
        }
        return new TopicImage(command.name(), command.topicId(), partitions, command.configs());
    }
}
