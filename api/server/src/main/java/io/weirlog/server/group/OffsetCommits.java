package io.weirlog.server.group;

import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.group.core.GroupConfig;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.CommitResult;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Commits offsets for clients, but none beyond the end of its partition's log: a group that read on from there would
/// lack whatever comes until then, or be sent back to where its readers begin.
///
/// The broker that the client asks looks at that, and not the coordinator, since it knows more of the logs: it has sent
/// the records, or has a replica ([KnownEnds]). Only what is beyond all it knows costs a question to the leaders. One
/// that does not answer in time does not keep its groups from committing.
final class OffsetCommits {
    static final long ASK_MILLIS_MAX = 1_000;

    private static final StartPosition LATEST = StartPosition.newBuilder()
            .setLatest(StartPosition.Latest.getDefaultInstance())
            .build();

    private final Function<OffsetCommit, Optional<Place>> places;
    private final KnownEnds known;
    private final LogEnds ends;
    private final Coordinator coordinator;
    private final long askMillisMax;
    /// Commits that had to ask, until they are answered: later ones of the same member wait, for the last one counts.
    private final Map<Committer, CompletableFuture<?>> asking = new ConcurrentHashMap<>();

    /// A partition that is committed for.
    record Place(TopicPartition id, String topic) {}

    private record Committer(String group, String member) {}

    /// What is beyond all that is known.
    ///
    /// @param index in the request
    private record Suspect(int index, Place place, OffsetCommit commit) {}

    /// The group's own, wherever it is. Fails with what the client is to be told
    /// ([io.weirlog.server.relay.RelayException]).
    interface Coordinator {
        CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax);

        /// Stores nothing, and answers with no results; fails if the request's member is none, or none in its epoch.
        CompletableFuture<CommitOffsetsResponse> checkMember(CommitOffsetsRequest request, long waitMillisMax);
    }

    /// @param places finds the partition of a commit; empty: nobody can be asked how long its log is
    /// @param askMillisMax how long the partitions' leaders are waited for
    OffsetCommits(
            Function<OffsetCommit, Optional<Place>> places,
            KnownEnds known,
            LogEnds ends,
            Coordinator coordinator,
            long askMillisMax) {
        this.places = places;
        this.known = known;
        this.ends = ends;
        this.coordinator = coordinator;
        this.askMillisMax = askMillisMax;
    }

    /// A partition that is there and has a leader.
    static Optional<Place> place(OffsetCommit commit, MetadataImage image) {
        if (commit.getPartition() < 0) {
            return Optional.empty();
        }
        return GroupTopics.id(commit.getTopic(), commit.getTopicId(), image)
                .map(topic -> new TopicPartition(topic, commit.getPartition()))
                .filter(id -> image.partition(id)
                        .flatMap(partition -> partition.leader())
                        .isPresent())
                .map(id -> new Place(id, GroupTopics.name(id.topicId(), image)));
    }

    /// The partition's log has come so far.
    void reached(TopicPartition partition, long end) {
        known.reached(partition, end);
    }

    /// Fails with a [io.weirlog.server.relay.RelayException].
    ///
    /// @param waitMillisMax how long to look for the coordinator and to wait for its answer
    CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax) {
        var committer = new Committer(request.getGroupId(), request.getMemberId());
        if (!asking.containsKey(committer) && suspects(request).isEmpty()) {
            return coordinator.commit(request, waitMillisMax);
        }
        var answer = new CompletableFuture<CommitOffsetsResponse>();
        var former = asking.put(committer, answer);
        var turn = former == null
                ? CompletableFuture.completedFuture(true)
                : former.handle((_, _) -> true).completeOnTimeout(true, waitMillisMax, TimeUnit.MILLISECONDS);
        var _ = turn.thenCompose(_ -> ask(request, waitMillisMax)).whenComplete((response, failure) -> {
            asking.remove(committer, answer);
            if (failure == null) {
                answer.complete(response);
            } else {
                answer.completeExceptionally(
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure);
            }
        });
        return answer;
    }

    private List<Suspect> suspects(CommitOffsetsRequest request) {
        if (request.getOffsetsCount() > GroupConfig.OFFSETS_PER_REQUEST_MAX) {
            return List.of(); // The coordinator refuses it.
        }
        List<Suspect> suspects = new ArrayList<>();
        for (var i = 0; i < request.getOffsetsCount(); i++) {
            var commit = request.getOffsets(i);
            if (commit.getNextOffset() > 0) {
                var index = i;
                places.apply(commit)
                        .filter(place -> !known.hasReached(place.id(), commit.getNextOffset()))
                        .ifPresent(place -> suspects.add(new Suspect(index, place, commit)));
            }
        }
        return suspects;
    }

    private CompletableFuture<CommitOffsetsResponse> ask(CommitOffsetsRequest request, long waitMillisMax) {
        var suspects = suspects(request);
        var queries = suspects.stream().map(OffsetCommits::query).toList();
        return ends.list(queries)
                .copy()
                .completeOnTimeout(List.of(), askMillisMax, TimeUnit.MILLISECONDS)
                .thenCompose(listed -> commitOthers(request, refused(suspects, listed), waitMillisMax));
    }

    private static ListOffsetsPartition query(Suspect suspect) {
        return ListOffsetsPartition.newBuilder()
                .setTopic(suspect.place.topic())
                .setTopicId(TopicLookup.bytes(suspect.place.id().topicId()))
                .setPartition(suspect.place.id().partition())
                .setPosition(LATEST)
                .build();
    }

    /// @param listed empty if nobody has answered in time
    /// @return by their places in the request
    private Map<Integer, Problem> refused(List<Suspect> suspects, List<ListedOffset> listed) {
        Map<Integer, Problem> problems = new HashMap<>();
        for (var i = 0; i < listed.size(); i++) {
            var suspect = suspects.get(i);
            var end = listed.get(i);
            if (!end.hasOffset() || isFromEarlierLeader(end, suspect.commit)) {
                continue;
            }
            known.reached(suspect.place.id(), end.getOffset());
            if (suspect.commit.getNextOffset() > end.getOffset()) {
                problems.put(
                        suspect.index,
                        ServerProblems.commitBeyondEnd(
                                suspect.place.topic(),
                                suspect.commit.getPartition(),
                                suspect.commit.getNextOffset(),
                                end.getOffset()));
            }
        }
        return problems;
    }

    /// Whether who has answered has been deposed since, and does not know it: the client has records of a later leader.
    private static boolean isFromEarlierLeader(ListedOffset end, OffsetCommit commit) {
        return commit.hasLeaderEpoch() && commit.getLeaderEpoch() > end.getLeaderEpoch();
    }

    private CompletableFuture<CommitOffsetsResponse> commitOthers(
            CommitOffsetsRequest request, Map<Integer, Problem> refused, long waitMillisMax) {
        if (refused.isEmpty()) {
            return coordinator.commit(request, waitMillisMax);
        }
        var others = request.toBuilder().clearOffsets();
        for (var i = 0; i < request.getOffsetsCount(); i++) {
            if (!refused.containsKey(i)) {
                others.addOffsets(request.getOffsets(i));
            }
        }
        var answer = others.getOffsetsCount() == 0
                ? coordinator.checkMember(request, waitMillisMax)
                : coordinator.commit(others.build(), waitMillisMax);
        return answer.thenApply(committed -> response(request, refused, committed));
    }

    private static CommitOffsetsResponse response(
            CommitOffsetsRequest request, Map<Integer, Problem> refused, CommitOffsetsResponse committed) {
        var response = committed.toBuilder().clearResults();
        var others = committed.getResultsList().iterator();
        for (var i = 0; i < request.getOffsetsCount(); i++) {
            var problem = refused.get(i);
            response.addResults(
                    problem == null
                            ? others.next()
                            : CommitResult.newBuilder()
                                    .setTopic(request.getOffsets(i).getTopic())
                                    .setPartition(request.getOffsets(i).getPartition())
                                    .setProblem(problem)
                                    .build());
        }
        return response.build();
    }
}
