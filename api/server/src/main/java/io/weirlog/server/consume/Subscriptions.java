package io.weirlog.server.consume;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.TopicImage;
import io.weirlog.replication.Partitions;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Routes;
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
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/// Turns what a consumer stream asks for into cursors.
final class Subscriptions {
    static final int DEFAULT_BATCH_BYTES = 1 << 20;
    private static final int PARTITIONS_MAX = 10_000;

    private final TopicLookup topics;
    private final Partitions partitions;
    private final StartPositions positions;

    Subscriptions(TopicLookup topics, Partitions partitions, StartPositions positions) {
        this.topics = topics;
        this.partitions = partitions;
        this.positions = positions;
    }

    /// A cursor that is new, and where the client wants it to begin.
    record Beginning(Cursor cursor, StartPosition start) {}

    sealed interface Resolved {
        record Begin(List<Beginning> beginnings) implements Resolved {}

        record Refused(Problem problem) implements Resolved {}
    }

    /// What to tell of cursors that have begun.
    ///
    /// @param problems of partitions that cannot begin where they should: assigned, but halted
    record Begun(Assigned assigned, List<Cursor> cursors, List<PartitionProblem> problems) {}

    Resolved resolve(ConsumeInitial initial) {
        return switch (initial.getSubscriptionCase()) {
            case PARTITIONS -> explicit(initial, initial.getPartitions().getPartitionsList(), 0, 0);
            case GROUP ->
                new Resolved.Refused(
                        ServerProblems.invalidRequest("streams between brokers are of explicit `partitions`"));
            case SUBSCRIPTION_NOT_SET ->
                new Resolved.Refused(ServerProblems.invalidRequest("`initial` subscribes to nothing"));
        };
    }

    /// @param initial how the stream began
    /// @param held the partitions that it has already
    /// @param lastAssignment the highest number that was used for one
    Resolved explicit(ConsumeInitial initial, List<ExplicitPartition> wanted, int held, int lastAssignment) {
        if (wanted.isEmpty()) {
            return new Resolved.Refused(ServerProblems.invalidRequest("the request names no partitions"));
        }
        List<Beginning> beginnings = new ArrayList<>();
        var fromFollower = !initial.getRack().isEmpty();
        for (var each : wanted) {
            var number = each.hasPartition() ? OptionalInt.of(each.getPartition()) : OptionalInt.empty();
            switch (topics.find(each.getTopic(), each.getTopicId(), number)) {
                case TopicLookup.Found.Nothing(var problem) -> {
                    return new Resolved.Refused(problem);
                }
                case TopicLookup.Found.Topic(var topic) -> {
                    var start = each.hasStart() ? each.getStart() : initial.getStart();
                    var lastEpoch =
                            each.hasLastLeaderEpoch() ? OptionalInt.of(each.getLastLeaderEpoch()) : OptionalInt.empty();
                    for (var partition : numbers(topic, number)) {
                        if (held + beginnings.size() == PARTITIONS_MAX) {
                            return new Resolved.Refused(ServerProblems.invalidRequest(
                                    "a stream takes at most " + PARTITIONS_MAX + " partitions"));
                        }
                        var id = new TopicPartition(topic.id(), partition);
                        var assignment = lastAssignment + beginnings.size() + 1;
                        beginnings.add(new Beginning(
                                new Cursor(assignment, topic.name(), id, lastEpoch, fromFollower), start));
                    }
                }
            }
        }
        return new Resolved.Begin(beginnings);
    }

    private static int[] numbers(TopicImage topic, OptionalInt number) {
        return number.isPresent()
                ? new int[] {number.getAsInt()}
                : IntStream.range(0, topic.partitions().size()).toArray();
    }

    /// Puts the new cursors where they begin. Never fails: a position that cannot be found halts its cursor.
    ///
    /// @param mayAsk whether other brokers may be asked; then a start that nobody can tell now is looked for later
    CompletableFuture<Begun> begin(List<Beginning> beginnings, boolean mayAsk) {
        return positions.find(beginnings, mayAsk).thenApply(found -> {
            var assigned = Assigned.newBuilder();
            List<PartitionProblem> problems = new ArrayList<>();
            for (int i = 0; i < beginnings.size(); i++) {
                place(beginnings.get(i), found.get(i), mayAsk).ifPresent(problems::add);
                assigned.addPartitions(assigned(beginnings.get(i).cursor()));
            }
            var cursors = beginnings.stream().map(Beginning::cursor).toList();
            return new Begun(assigned.build(), cursors, problems);
        });
    }

    private static Optional<PartitionProblem> place(
            Beginning beginning, PartitionReader.Position found, boolean mayAsk) {
        var cursor = beginning.cursor();
        return switch (found) {
            case PartitionReader.Position.At(var offset) -> {
                cursor.position = offset.value();
                yield Optional.empty();
            }
            case PartitionReader.Position.Failed(var problem) -> {
                cursor.unresolvedStart = beginning.start();
                // So that the reader knows that the problem is about where it wants to begin.
                cursor.position = Math.max(0, beginning.start().getOffset());
                if (mayAsk && Routes.goesElsewhere(problem)) {
                    yield Optional.empty();
                }
                cursor.halted = true;
                yield Optional.of(PartitionProblem.newBuilder()
                        .setAssignment(cursor.assignment)
                        .setProblem(problem)
                        .build());
            }
        };
    }

    private AssignedPartition assigned(Cursor cursor) {
        var entry = AssignedPartition.newBuilder()
                .setAssignment(cursor.assignment)
                .setTopic(cursor.topic)
                .setTopicId(TopicLookup.bytes(cursor.id.topicId()))
                .setPartition(cursor.id.partition())
                .setStartOffset(cursor.position);
        topics.leader(cursor.id).ifPresent(entry::setLeader);
        return entry.build();
    }

    /// Where a cursor that reads already is to go on.
    CompletableFuture<PartitionReader.Position> find(Beginning beginning, boolean mayAsk) {
        return positions.find(List.of(beginning), mayAsk).thenApply(List::getFirst);
    }

    /// Where the partition could be read in this rack, if this broker leads it.
    Optional<PreferredReplica> preferred(String rack, TopicPartition id) {
        return new PreferredReplicas(topics).in(rack, id);
    }

    /// Its topic's name; empty if the topic is gone.
    String name(TopicPartition id) {
        return topics.image().topic(id.topicId()).map(TopicImage::name).orElse("");
    }

    boolean stillExists(TopicPartition id) {
        return topics.image().partition(id).isPresent();
    }

    Partitions.Watch watch(TopicPartition id, Offset at, Runnable wake) {
        return partitions.watch(id, at, wake);
    }
}
