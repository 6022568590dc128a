package io.weirlog.server.consume;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.LeaderQuery;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Isolation;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListOffsetsResponse;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Routing;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/// Looks up offsets, here and at other leaders.
final class OffsetLookups {
    /// Of one request.
    static final int PARTITIONS_MAX = 10_000;

    /// A lookup may search a log by time.
    private static final long ANSWER_MILLIS_MAX = 5_000;

    private static final long LEADER_MILLIS_MAX = 2_000;

    private final TopicLookup topics;
    private final PartitionReader reader;
    private final Optional<Relay> relay;
    private final Executor executor;

    OffsetLookups(TopicLookup topics, PartitionReader reader, Optional<Relay> relay, Executor executor) {
        this.topics = topics;
        this.reader = reader;
        this.relay = relay;
        this.executor = executor;
    }

    /// One offset for each query, in their order. Never fails: what went wrong is in the offsets.
    CompletableFuture<List<ListedOffset>> list(ListOffsetsRequest request) {
        if (relay.isEmpty() || Routes.leaderOnly(request.getRouting())) {
            return CompletableFuture.completedFuture(here(request.getPartitionsList()));
        }
        return new LeaderQuery<>(new Asked(relay.get(), request.getIsolation()), relay.get(), executor)
                .ask(request.getPartitionsList(), LEADER_MILLIS_MAX);
    }

    private List<ListedOffset> here(List<ListOffsetsPartition> queries) {
        return queries.stream().map(this::here).toList();
    }

    private ListedOffset here(ListOffsetsPartition query) {
        return switch (topics.find(query.getTopic(), query.getTopicId(), OptionalInt.of(query.getPartition()))) {
            case TopicLookup.Found.Nothing(var problem) -> failed(query, problem);
            case TopicLookup.Found.Topic(var topic) -> {
                var id = new TopicPartition(topic.id(), query.getPartition());
                var found = reader.list(query.getTopic(), id, query);
                topics.leader(id).ifPresent(found::setLeader);
                yield found.setTopic(query.getTopic())
                        .setPartition(query.getPartition())
                        .build();
            }
        };
    }

    private static ListedOffset failed(ListOffsetsPartition query, Problem problem) {
        return ListedOffset.newBuilder()
                .setTopic(query.getTopic())
                .setPartition(query.getPartition())
                .setProblem(problem)
                .build();
    }

    private final class Asked implements LeaderQuery.Asked<ListOffsetsPartition, ListedOffset> {
        private final Relay way;
        private final Isolation isolation;

        Asked(Relay way, Isolation isolation) {
            this.way = way;
            this.isolation = isolation;
        }

        @Override
        public Optional<BrokerId> elsewhere(ListOffsetsPartition query) {
            return topics.ledElsewhere(query.getTopic(), query.getPartition());
        }

        @Override
        public CompletableFuture<List<ListedOffset>> here(List<ListOffsetsPartition> queries) {
            return CompletableFuture.completedFuture(OffsetLookups.this.here(queries));
        }

        @Override
        public CompletableFuture<List<ListedOffset>> at(BrokerId broker, List<ListOffsetsPartition> queries) {
            if (queries.size() <= PARTITIONS_MAX) {
                return atOnce(broker, queries);
            }
            var later = queries.subList(PARTITIONS_MAX, queries.size());
            return atOnce(broker, queries.subList(0, PARTITIONS_MAX))
                    .thenCompose(first -> at(broker, later)
                            .thenApply(rest ->
                                    Stream.concat(first.stream(), rest.stream()).toList()));
        }

        private CompletableFuture<List<ListedOffset>> atOnce(BrokerId broker, List<ListOffsetsPartition> queries) {
            var request = ListOffsetsRequest.newBuilder()
                    .addAllPartitions(queries)
                    .setIsolation(isolation)
                    .setRouting(Routing.ROUTING_LEADER_ONLY)
                    .build();
            return way.ask(
                            RelayedRpc.LIST_OFFSETS,
                            broker,
                            ConsumerServiceGrpc.getListOffsetsMethod(),
                            request,
                            ANSWER_MILLIS_MAX)
                    .thenApply(ListOffsetsResponse::getOffsetsList);
        }

        @Override
        public Optional<Problem> problem(ListedOffset answer) {
            return answer.hasProblem() ? Optional.of(answer.getProblem()) : Optional.empty();
        }

        @Override
        public ListedOffset failed(ListOffsetsPartition query, Problem problem) {
            return OffsetLookups.failed(query, problem);
        }
    }
}
