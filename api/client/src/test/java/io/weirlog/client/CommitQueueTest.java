package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.Committed;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CommitQueueTest {
    private static final Problem PASSING = Problems.problem(
            Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_LEADER, "the coordinator is on its way");
    private static final Problem FINAL = Problems.problem(
            Status.Code.ABORTED, ErrorReason.ERROR_REASON_PARTITION_NOT_OWNED, "somebody else's by now");

    private final CommitQueue queue = new CommitQueue();

    private CommitQueue.Request add(int assignment, long nextOffset) {
        var position = CommitPosition.newBuilder()
                .setAssignment(assignment)
                .setNextOffset(nextOffset)
                .build();
        var request = new CommitQueue.Request(List.of(position), 100, new CompletableFuture<>());
        queue.add(request);
        return request;
    }

    private static Map<Integer, Long> positions(Commit commit) {
        return commit.getPositionsList().stream()
                .collect(Collectors.toMap(CommitPosition::getAssignment, CommitPosition::getNextOffset));
    }

    private static Committed answer(Commit commit) {
        return Committed.newBuilder().setCommitId(commit.getCommitId()).build();
    }

    private static Committed answer(Commit commit, Problem problem) {
        return answer(commit).toBuilder().setProblem(problem).build();
    }

    @Test
    void oneIsUnderWayAndTheNewestOfTheRestGoNext() {
        var first = add(1, 10);
        var commit = queue.next().orElseThrow();
        assertEquals(Map.of(1, 10L), positions(commit));
        var second = add(1, 20);
        var third = add(2, 5);
        var fourth = add(1, 30);
        assertTrue(queue.next().isEmpty(), "one is under way");
        var over = assertInstanceOf(CommitQueue.Over.class, queue.answered(answer(commit), 0, 0));
        assertEquals(List.of(first), over.requests());
        var next = queue.next().orElseThrow();
        assertEquals(Map.of(1, 30L, 2, 5L), positions(next));
        assertInstanceOf(CommitQueue.Nothing.class, queue.answered(answer(commit), 0, 0), "an old answer");
        var rest = assertInstanceOf(CommitQueue.Over.class, queue.answered(answer(next), 0, 0));
        assertEquals(List.of(second, third, fourth), rest.requests());
        assertTrue(queue.next().isEmpty());
    }

    @Test
    void whatMayPassIsTriedAgainUntilItsTimeIsUp() {
        var request = add(1, 10);
        var commit = queue.next().orElseThrow();
        assertInstanceOf(CommitQueue.Again.class, queue.answered(answer(commit, PASSING), 0, 0.5));
        assertTrue(queue.next().isEmpty(), "not before the pause is over");
        var later = add(1, 20);
        queue.resume();
        var again = queue.next().orElseThrow();
        assertEquals(Map.of(1, 20L), positions(again));
        var over = assertInstanceOf(CommitQueue.Over.class, queue.answered(answer(again, PASSING), 100, 0.5));
        assertEquals(List.of(request, later), over.requests());
        assertEquals(PASSING, over.problem().orElseThrow());
    }

    @Test
    void whatCannotPassIsOverAtOnce() {
        var request = add(1, 10);
        var commit = queue.next().orElseThrow();
        var over = assertInstanceOf(CommitQueue.Over.class, queue.answered(answer(commit, FINAL), 0, 0));
        assertEquals(List.of(request), over.requests());
    }

    @Test
    void theEndOfTheStreamEndsAll() {
        var first = add(1, 10);
        var commit = queue.next().orElseThrow();
        var second = add(1, 20);
        assertEquals(List.of(first, second), queue.end());
        assertInstanceOf(CommitQueue.Nothing.class, queue.answered(answer(commit), 0, 0));
        assertTrue(queue.next().isEmpty());
    }
}
