package io.weirlog.server.consume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.CommitResult;
import io.weirlog.v1.OffsetCommit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class CommitLaneTest {
    private static final ByteString TOPIC = ByteString.copyFrom(new byte[16]);

    private final List<CommitOffsetsRequest> sent = new ArrayList<>();
    private final List<CompletableFuture<CommitOffsetsResponse>> answers = new ArrayList<>();
    private final List<Long> waits = new ArrayList<>();
    private long nowNanos;
    private final CommitLane lane = new CommitLane(
            (request, waitMillisMax) -> {
                sent.add(request);
                waits.add(waitMillisMax);
                answers.add(new CompletableFuture<>());
                return answers.getLast();
            },
            5_000,
            () -> nowNanos);

    private static CommitOffsetsRequest request(String member, int epoch, long... partitionsAndOffsets) {
        var request = CommitOffsetsRequest.newBuilder().setMemberId(member).setMemberEpoch(epoch);
        for (int i = 0; i < partitionsAndOffsets.length; i += 2) {
            request.addOffsets(OffsetCommit.newBuilder()
                    .setTopicId(TOPIC)
                    .setPartition((int) partitionsAndOffsets[i])
                    .setNextOffset(partitionsAndOffsets[i + 1]));
        }
        return request.build();
    }

    private CompletableFuture<CommitOffsetsResponse> commit(long... partitionsAndOffsets) {
        return commit(request("a", 1, partitionsAndOffsets));
    }

    private CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request) {
        return lane.commit(request).orElseThrow();
    }

    /// Answers the newest request with a result for each offset.
    private void answer() {
        var response = CommitOffsetsResponse.newBuilder();
        for (var offset : sent.getLast().getOffsetsList()) {
            response.addResults(CommitResult.newBuilder().setPartition(offset.getPartition()));
        }
        answers.getLast().complete(response.build());
    }

    private static List<Long> offsets(CommitOffsetsRequest request) {
        return request.getOffsetsList().stream()
                .map(OffsetCommit::getNextOffset)
                .toList();
    }

    private static List<Integer> results(CompletableFuture<CommitOffsetsResponse> answer) {
        assertTrue(answer.isDone());
        return answer.join().getResultsList().stream()
                .map(CommitResult::getPartition)
                .toList();
    }

    /// However long the first takes and however it ends, the second comes after it.
    @Test
    void commitsOfOnePartitionGoOneAfterTheOther() {
        var first = commit(0, 10);
        var second = commit(0, 20);
        assertEquals(1, sent.size());
        answers.getFirst().completeExceptionally(new IllegalStateException("no coordinator"));
        assertThrows(CompletionException.class, first::join);
        assertEquals(List.of(20L), offsets(sent.getLast()));
        assertFalse(second.isDone());
        answer();
        assertEquals(List.of(0), results(second));
        assertEquals(2, sent.size());
    }

    @Test
    void whatWaitsGoesTogetherAndEachGetsItsOwnResults() {
        var first = commit(0, 10);
        var second = commit(1, 11, 2, 12);
        var third = commit(3, 13);
        var again = commit(1, 21);
        answer();
        assertEquals(List.of(0), results(first));
        assertEquals(List.of(11L, 12L, 13L), offsets(sent.getLast()));
        answer();
        assertEquals(List.of(1, 2), results(second));
        assertEquals(List.of(3), results(third));
        assertFalse(again.isDone());
        assertEquals(List.of(21L), offsets(sent.getLast()));
        answer();
        assertEquals(List.of(1), results(again));
    }

    /// A stream that has lost its place is another member afterwards; and a member may have lost a partition and got it
    /// back between two epochs.
    @Test
    void commitsOfDifferentMembersAndEpochsStayApart() {
        var all = List.of(
                commit(0, 10),
                commit(request("a", 2, 1, 11)),
                commit(request("a", 2, 2, 12)),
                commit(request("a", 3, 3, 13)),
                commit(request("b", 3, 4, 14)));
        for (int i = 0; i < 4; i++) {
            answer();
        }
        assertTrue(all.stream().allMatch(CompletableFuture::isDone));
        assertEquals(
                List.of(List.of(10L), List.of(11L, 12L), List.of(13L), List.of(14L)),
                sent.stream().map(CommitLaneTest::offsets).toList());
        assertEquals(
                List.of("a1", "a2", "a3", "b3"),
                sent.stream()
                        .map(request -> request.getMemberId() + request.getMemberEpoch())
                        .toList());
    }

    /// A node that is stopping: whoever waits is told, and nobody waits for ever.
    @Test
    void whatCannotEvenBeAskedFails() {
        List<CompletableFuture<CommitOffsetsResponse>> asked = new ArrayList<>();
        var stopping = new CommitLane(
                (_, _) -> {
                    if (!asked.isEmpty()) {
                        throw new IllegalStateException("stopping");
                    }
                    asked.add(new CompletableFuture<>());
                    return asked.getFirst();
                },
                5_000,
                () -> 0);
        var first = stopping.commit(request("a", 1, 0, 10)).orElseThrow();
        var second = stopping.commit(request("a", 1, 0, 20)).orElseThrow();
        var third = stopping.commit(request("a", 1, 0, 30)).orElseThrow();
        asked.getFirst().completeExceptionally(new IllegalStateException("gone"));
        assertTrue(first.isCompletedExceptionally() && second.isCompletedExceptionally());
        assertTrue(third.isCompletedExceptionally() && stopping.settled().isDone());
        assertTrue(stopping.commit(request("a", 1, 0, 40)).orElseThrow().isCompletedExceptionally());
    }

    /// With a coordinator that does not answer, those behind are not kept as long again.
    @Test
    void waitingForOthersCounts() {
        var first = commit(0, 10);
        nowNanos = 1_000_000_000;
        var second = commit(0, 20);
        var third = commit(0, 30);
        nowNanos = 5_000_000_000L;
        answers.getLast().completeExceptionally(new IllegalStateException("in vain"));
        nowNanos = 6_000_000_000L;
        answers.getLast().completeExceptionally(new IllegalStateException("in vain"));
        assertTrue(first.isCompletedExceptionally() && second.isCompletedExceptionally());
        assertFalse(third.isDone());
        assertEquals(List.of(5_000L, 1_000L, CommitLane.CALL_MILLIS_MIN), waits);
    }

    @Test
    void onlySoManyWait() {
        for (int i = 0; i <= CommitLane.WAITING_MAX; i++) {
            assertTrue(lane.commit(request("a", 1, 0, i)).isPresent());
        }
        assertEquals(Optional.empty(), lane.commit(request("a", 1, 0, 5_000)));
        answer();
        assertTrue(lane.commit(request("a", 1, 0, 5_000)).isPresent());
    }

    /// What comes later is no part of it: a client that always commits would never let go of anything.
    @Test
    void settledIsWhatCameBefore() {
        assertTrue(lane.settled().isDone());
        var first = commit(0, 10);
        var second = commit(0, 20);
        var settled = lane.settled();
        var third = commit(0, 30);
        answer();
        assertTrue(first.isDone());
        assertFalse(settled.isDone());
        answer();
        assertTrue(second.isDone() && settled.isDone());
        assertFalse(lane.settled().isDone());
        answer();
        assertTrue(third.isDone() && lane.settled().isDone());
    }

    /// A coordinator that answers something else fails these commits, and not those that follow.
    @Test
    void anAnswerThatDoesNotFitFailsItsCommits() {
        var first = commit(0, 10);
        var second = commit(0, 20);
        answers.getFirst().complete(CommitOffsetsResponse.getDefaultInstance());
        assertThrows(CompletionException.class, first::join);
        answer();
        assertEquals(List.of(0), results(second));
    }
}
