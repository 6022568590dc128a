package io.weirlog.server.consume;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.TopicImage;
import io.weirlog.replication.Partitions;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.AssignedPartition;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.PartitionProblem;
import io.weirlog.v1.PreferredReplica;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Turns what a consumer stream asks for into cursors.
final class Subscriptions {
    static final int DEFAULT_BATCH_BYTES = 1 << 20;
    private static final int PARTITIONS_MAX = 10_000;

    private final TopicLookup topics;
    private final Partitions partitions;
    private final PartitionReader reader;

    Subscriptions(TopicLookup topics, Partitions partitions, PartitionReader reader) {
        this.topics = topics;
        this.partitions = partitions;
        this.reader = reader;
    }

    sealed interface Resolved {
        /// @param problems of partitions that cannot begin where they should: assigned, but halted
        record Begin(Assigned assigned, List<Cursor> cursors, List<PartitionProblem> problems) implements Resolved {}

        record Refused(Problem problem) implements Resolved {}
    }

    Resolved resolve(ConsumeInitial initial) {
        return switch (initial.getSubscriptionCase()) {
            case PARTITIONS -> explicit(initial, initial.getPartitions().getPartitionsList());
            case GROUP ->
                new Resolved.Refused(ServerProblems.unsupported(
                        "this version has no consumer groups: subscribe to explicit `partitions`"));
            case SUBSCRIPTION_NOT_SET ->
                new Resolved.Refused(ServerProblems.invalidRequest("`initial` subscribes to nothing"));
        };
    }

    private record Beginning(List<Cursor> cursors, Assigned.Builder assigned, List<PartitionProblem> problems) {}

    private Resolved explicit(ConsumeInitial initial, List<ExplicitPartition> wanted) {
        if (wanted.isEmpty()) {
            return new Resolved.Refused(ServerProblems.invalidRequest("`initial` names no partitions"));
        }
        var beginning = new Beginning(new ArrayList<>(), Assigned.newBuilder(), new ArrayList<>());
        var fromFollower = !initial.getRack().isEmpty();
        for (var each : wanted) {
            var number = each.hasPartition() ? OptionalInt.of(each.getPartition()) : OptionalInt.empty();
            switch (topics.find(each.getTopic(), each.getTopicId(), number)) {
                case TopicLookup.Found.Nothing(var problem) -> {
                    return new Resolved.Refused(problem);
                }
                case TopicLookup.Found.Topic(var topic) -> {
                    var start = each.hasStart() ? each.getStart() : initial.getStart();
                    for (var partition : numbers(topic, number)) {
                        if (beginning.cursors().size() == PARTITIONS_MAX) {
                            return new Resolved.Refused(ServerProblems.invalidRequest(
                                    "a stream takes at most " + PARTITIONS_MAX + " partitions"));
                        }
                        add(topic, partition, each, start, fromFollower, beginning);
                    }
                }
            }
        }
        return new Resolved.Begin(beginning.assigned().build(), beginning.cursors(), beginning.problems());
    }

    private static int[] numbers(TopicImage topic, OptionalInt number) {
        return number.isPresent()
                ? new int[] {number.getAsInt()}
                : IntStream.range(0, topic.partitions().size()).toArray();
    }

    private void add(
            TopicImage topic,
            int partition,
            ExplicitPartition wanted,
            StartPosition start,
            boolean fromFollower,
            Beginning beginning) {
        var cursors = beginning.cursors();
        var id = new TopicPartition(topic.id(), partition);
        var assignment = cursors.size() + 1;
        var lastEpoch = wanted.hasLastLeaderEpoch() ? OptionalInt.of(wanted.getLastLeaderEpoch()) : OptionalInt.empty();
        var cursor = new Cursor(assignment, topic.name(), id, lastEpoch, fromFollower);
        switch (reader.resolve(topic.name(), id, start, cursor.fromFollower)) {
            case PartitionReader.Position.At(var offset) -> cursor.position = offset.value();
            case PartitionReader.Position.Failed(var problem) -> {
                cursor.halted = true;
                cursor.unresolvedStart = start;
                // So that the reader knows that the problem is about where it wants to begin.
                cursor.position = Math.max(0, start.getOffset());
                beginning
                        .problems()
                        .add(PartitionProblem.newBuilder()
                                .setAssignment(assignment)
                                .setProblem(problem)
                                .build());
            }
        }
        cursors.add(cursor);
        var entry = AssignedPartition.newBuilder()
                .setAssignment(assignment)
                .setTopic(topic.name())
                .setTopicId(TopicLookup.bytes(topic.id()))
                .setPartition(partition)
                .setStartOffset(cursor.position);
        topics.leader(id).ifPresent(entry::setLeader);
        beginning.assigned().addPartitions(entry);
    }

    /// Where the partition could be read in this rack, if this broker leads it.
    Optional<PreferredReplica> preferred(String rack, TopicPartition id) {
        return new PreferredReplicas(topics).in(rack, id);
    }

    boolean stillExists(TopicPartition id) {
        return topics.image().partition(id).isPresent();
    }

    Partitions.Watch watch(TopicPartition id, Offset at, Runnable wake) {
        return partitions.watch(id, at, wake);
    }
}
