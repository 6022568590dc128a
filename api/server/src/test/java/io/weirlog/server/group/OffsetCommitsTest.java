package io.weirlog.server.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.server.relay.RelayException;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.CommitResult;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Leader;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.OffsetCommit;
import io.weirlog.v1.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OffsetCommitsTest {
    private static final String TOPIC = "orders";
    private static final TopicId ID = new TopicId(new UUID(1, 2));
    private static final int LEADER_EPOCH = 5;
    private static final Leader COORDINATOR = Leader.newBuilder().setBrokerId(7).build();
    private static final String MEMBER = "one";
    private static final Problem STRANGER = Problem.newBuilder()
            .setReason(ErrorReason.ERROR_REASON_UNKNOWN_MEMBER)
            .build();

    /// By partition, as their leaders know them.
    private final Map<Integer, Long> logEnds = new HashMap<>();
    /// What this broker's replicas know.
    private final Map<Integer, Long> replicas = new HashMap<>();
    /// How many partitions each question was about.
    private final List<Integer> questions = new ArrayList<>();
    /// What the coordinator was asked to store, by partition.
    private final List<Map<Integer, Long>> stored = new ArrayList<>();

    private final CompletableFuture<List<ListedOffset>> never = new CompletableFuture<>();
    private Optional<CompletableFuture<List<ListedOffset>>> answerInstead = Optional.empty();

    private OffsetCommits commits(long askMillisMax) {
        return new OffsetCommits(
                commit -> commit.getTopic().equals(TOPIC)
                        ? Optional.of(new OffsetCommits.Place(id(commit.getPartition()), TOPIC))
                        : Optional.empty(),
                new KnownEnds(partition -> replicas.getOrDefault(partition.partition(), 0L)),
                this::list,
                new Coordinating(),
                askMillisMax);
    }

    private final class Coordinating implements OffsetCommits.Coordinator {
        @Override
        public CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax) {
            return CompletableFuture.completedFuture(store(request));
        }

        @Override
        public CompletableFuture<CommitOffsetsResponse> checkMember(CommitOffsetsRequest request, long waitMillisMax) {
            return request.getMemberId().equals(MEMBER)
                    ? CompletableFuture.completedFuture(CommitOffsetsResponse.newBuilder()
                            .setCoordinator(COORDINATOR)
                            .build())
                    : CompletableFuture.failedFuture(new RelayException(STRANGER));
        }
    }

    private static TopicPartition id(int partition) {
        return new TopicPartition(ID, partition);
    }

    private CompletableFuture<List<ListedOffset>> list(ListOffsetsRequest request) {
        questions.add(request.getPartitionsCount());
        return answerInstead.orElseGet(() -> CompletableFuture.completedFuture(request.getPartitionsList().stream()
                .map(query -> listed(query.getPartition()))
                .toList()));
    }

    private ListedOffset listed(int partition) {
        var listed = ListedOffset.newBuilder().setTopic(TOPIC).setPartition(partition);
        var end = logEnds.get(partition);
        return end == null
                ? listed.setProblem(Problem.newBuilder().setReason(ErrorReason.ERROR_REASON_NO_LEADER))
                        .build()
                : listed.setOffset(end).setLeaderEpoch(LEADER_EPOCH).build();
    }

    private CommitOffsetsResponse store(CommitOffsetsRequest request) {
        Map<Integer, Long> offsets = new HashMap<>();
        var response = CommitOffsetsResponse.newBuilder().setCoordinator(COORDINATOR);
        for (var commit : request.getOffsetsList()) {
            offsets.put(commit.getPartition(), commit.getNextOffset());
            response.addResults(
                    CommitResult.newBuilder().setTopic(commit.getTopic()).setPartition(commit.getPartition()));
        }
        stored.add(offsets);
        return response.build();
    }

    private static OffsetCommit.Builder offset(int partition, long next) {
        return OffsetCommit.newBuilder().setTopic(TOPIC).setPartition(partition).setNextOffset(next);
    }

    private static CommitOffsetsRequest request(OffsetCommit.Builder... offsets) {
        var request = CommitOffsetsRequest.newBuilder().setGroupId("readers").setMemberId(MEMBER);
        for (var offset : offsets) {
            request.addOffsets(offset);
        }
        return request.build();
    }

    private static CommitOffsetsResponse commit(OffsetCommits commits, OffsetCommit.Builder... offsets)
            throws Exception {
        return commits.commit(request(offsets), 1_000).get(20, TimeUnit.SECONDS);
    }

    @Test
    void onlyWhatIsBeyondAllThatIsKnownIsAskedFor() throws Exception {
        var commits = commits(1_000);
        logEnds.put(0, 20L);
        replicas.put(1, 30L);
        commits.reached(id(0), 10);
        commits.reached(id(0), 4);
        assertFalse(commit(commits, offset(0, 10), offset(1, 30)).getResults(0).hasProblem());
        assertEquals(List.of(), questions);
        assertFalse(commit(commits, offset(0, 11), offset(1, 30)).getResults(0).hasProblem());
        assertEquals(List.of(1), questions);
        // What came of it is known from now on.
        assertFalse(commit(commits, offset(0, 20)).getResults(0).hasProblem());
        assertEquals(List.of(1), questions);
        assertEquals(3, stored.size());
    }

    @Test
    void oneBeyondTheEndKeepsNoOtherFromBeingCommitted() throws Exception {
        var commits = commits(1_000);
        logEnds.putAll(Map.of(0, 5L, 1, 6L, 2, 7L));
        var response = commit(commits, offset(0, 5), offset(1, 7), offset(2, 7));
        assertEquals(COORDINATOR, response.getCoordinator());
        assertEquals(
                List.of(0, 1, 2),
                response.getResultsList().stream()
                        .map(CommitResult::getPartition)
                        .toList());
        assertFalse(response.getResults(0).hasProblem());
        assertFalse(response.getResults(2).hasProblem());
        var problem = response.getResults(1).getProblem();
        assertEquals(ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE, problem.getReason());
        assertEquals(
                Map.of("topic", TOPIC, "partition", "1", "offset", "7", "high_watermark", "6"),
                problem.getMetadataMap());
        assertEquals(List.of(Map.of(0, 5L, 2, 7L)), stored);
        // It is asked afresh: the log grows.
        logEnds.put(1, 7L);
        assertFalse(commit(commits, offset(1, 7)).getResults(0).hasProblem());
    }

    @Test
    void ifNothingIsLeftTheMemberIsCheckedAllTheSame() throws Exception {
        logEnds.put(0, 5L);
        var response = commit(commits(1_000), offset(0, Long.MAX_VALUE));
        assertTrue(response.getResults(0).hasProblem());
        assertEquals(COORDINATOR, response.getCoordinator());
        var strange = request(offset(0, 6)).toBuilder().setMemberId("two").build();
        var failing = commits(1_000).commit(strange, 1_000);
        var failure = assertThrows(ExecutionException.class, () -> failing.get(20, TimeUnit.SECONDS));
        assertEquals(
                STRANGER,
                assertInstanceOf(RelayException.class, failure.getCause()).problem());
        assertEquals(List.of(), stored);
    }

    @Test
    void whoCannotBeAskedKeepsNobodyFromCommitting() throws Exception {
        assertFalse(commit(commits(1_000), offset(0, 9)).getResults(0).hasProblem());
        answerInstead = Optional.of(never);
        assertFalse(commit(commits(20), offset(0, 9)).getResults(0).hasProblem());
        assertEquals(List.of(1, 1), questions);
        assertFalse(
                commit(commits(20), offset(0, 9).setTopic("gone")).getResults(0).hasProblem());
        assertEquals(List.of(1, 1), questions);
    }

    @Test
    void aLeaderOfAnEarlierEpochThanTheRecordKnowsLess() throws Exception {
        logEnds.put(0, 5L);
        var later = offset(0, 9).setLeaderEpoch(LEADER_EPOCH + 1);
        assertFalse(commit(commits(1_000), later).getResults(0).hasProblem());
        var same = offset(0, 9).setLeaderEpoch(LEADER_EPOCH);
        assertTrue(commit(commits(1_000), same).getResults(0).hasProblem());
    }

    @Test
    void noCommitOvertakesOneThatHasToAsk() throws Exception {
        var commits = commits(20_000);
        logEnds.put(0, 9L);
        commits.reached(id(0), 5);
        answerInstead = Optional.of(new CompletableFuture<>());
        var first = commits.commit(request(offset(0, 9)), 20_000);
        var second = commits.commit(request(offset(0, 3)), 20_000);
        var other = CommitOffsetsRequest.newBuilder()
                .setGroupId("others")
                .addOffsets(offset(0, 4))
                .build();
        commits.commit(other, 20_000).get(20, TimeUnit.SECONDS);
        assertEquals(List.of(Map.of(0, 4L)), stored);
        assertFalse(first.isDone() || second.isDone());
        answerInstead.get().complete(List.of(listed(0)));
        answerInstead = Optional.empty();
        first.get(20, TimeUnit.SECONDS);
        second.get(20, TimeUnit.SECONDS);
        assertEquals(List.of(Map.of(0, 4L), Map.of(0, 9L), Map.of(0, 3L)), stored);
        // Nobody waits any more.
        var asked = questions.size();
        commit(commits, offset(0, 9));
        assertEquals(asked, questions.size());
    }
}
