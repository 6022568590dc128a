package io.weirlog.metadata.core;

import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.core.MetadataCommand.CreatePartitions;
import io.weirlog.metadata.core.MetadataCommand.CreateTopic;
import io.weirlog.metadata.core.MetadataCommand.CreateTopics;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopic;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopics;
import java.util.List;
import java.util.function.BiFunction;

/// Topics come, grow and go.
final class TopicRules {
    private TopicRules() {}

    static Decision create(MetadataState state, CreateTopic command) {
        return create(state, command.topic());
    }

    static Decision createAll(MetadataState state, CreateTopics command) {
        return each(state, command.topics(), TopicRules::create);
    }

    static Decision delete(MetadataState state, DeleteTopic command) {
        return delete(state, command.topic());
    }

    static Decision deleteAll(MetadataState state, DeleteTopics command) {
        return each(state, command.topics(), TopicRules::delete);
    }

    private static <T> Decision each(MetadataState state, List<T> items, BiFunction<MetadataState, T, Decision> rule) {
        if (items.size() > MetadataLimits.TOPICS_PER_COMMAND_MAX) {
            return Decision.reject(
                    RejectReason.LIMIT_EXCEEDED,
                    "%d topics in one command, at most %d are allowed"
                            .formatted(items.size(), MetadataLimits.TOPICS_PER_COMMAND_MAX));
        }
        var batch = new Batch(state);
        items.forEach(item -> batch.add(rule.apply(batch.state(), item)));
        return batch.decision();
    }

    private static Decision create(MetadataState state, NewTopic topic) {
        var problems = new Problems();
        var partitions = new NewPartitions(0, topic.partitions(), topic.replicationFactor(), topic.replicas());
        checkName(state, topic, problems);
        partitions.check(state, problems);
        ConfigRules.check(topic.configs(), topic.replicationFactor(), problems);
        return problems.rejection().map(Decision::reject).orElseGet(() -> {
            var image =
                    new TopicImage(topic.name(), topic.topicId(), partitions.create(state, List.of()), topic.configs());
            return new Decision(
                    List.of(new MetadataEvent.TopicCreated(image)),
                    new MetadataReply.TopicCreated(image.id(), state.index()));
        });
    }

    private static Decision delete(MetadataState state, TopicRef ref) {
        return state.topics()
                .find(ref)
                .map(topic -> new Decision(
                        List.of(new MetadataEvent.TopicDeleted(topic.id(), topic.name())),
                        new MetadataReply.TopicDeleted(topic.id(), state.index())))
                .orElseGet(() -> notFound(ref));
    }

    /// Records keep their partitions, so a topic only grows.
    static Decision grow(MetadataState state, CreatePartitions command) {
        var found = state.topics().find(command.topic());
        if (found.isEmpty()) {
            return notFound(command.topic());
        }
        var topic = found.get();
        int before = topic.partitions().size();
        if (command.partitions() <= before) {
            return Decision.reject(
                    RejectReason.INVALID_PARTITIONS,
                    "topic \"%s\" has %d partitions: it can have more, not %d"
                            .formatted(topic.name(), before, command.partitions()));
        }
        var added =
                new NewPartitions(before, command.partitions() - before, topic.replicationFactor(), command.replicas());
        var problems = new Problems();
        added.check(state, problems);
        return problems.rejection().map(Decision::reject).orElseGet(() -> {
            var event = new MetadataEvent.PartitionsCreated(
                    topic.id(), topic.name(), added.create(state, topic.partitions()));
            return new Decision(List.of(event), new MetadataReply.Done(state.index()));
        });
    }

    static Decision notFound(TopicRef topic) {
        var message = switch (topic) {
            case TopicRef.ByName(var name) -> TopicNames.problem(name).orElse("there is no topic \"" + name + "\"");
            case TopicRef.ById(var id) -> "there is no topic with the id " + id;
        };
        return Decision.reject(RejectReason.TOPIC_NOT_FOUND, message);
    }

    private static void checkName(MetadataState state, NewTopic topic, Problems problems) {
        var illegal = TopicNames.problem(topic.name());
        if (illegal.isPresent()) {
            problems.add(RejectReason.INVALID_TOPIC_NAME, "%s", illegal.get());
            return;
        }
        state.topics().collision(topic.name()).ifPresent(taken -> {
            if (taken.equals(topic.name())) {
                problems.add(RejectReason.TOPIC_ALREADY_EXISTS, "topic \"%s\" exists already", taken);
            } else {
                problems.add(
                        RejectReason.TOPIC_NAME_COLLISION,
                        "topic name \"%s\" collides with topic \"%s\": metrics cannot tell '.' from '_'",
                        topic.name(),
                        taken);
            }
        });
        if (state.topics().byId(topic.topicId()).isPresent()) {
            problems.add(RejectReason.TOPIC_ID_IN_USE, "topic id %s is in use: draw another", topic.topicId());
        }
    }
}
