package io.weirlog.server.consume;

import com.google.protobuf.ByteString;
import io.weirlog.server.group.core.GroupConfig;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// The commits of one stream, in the order in which the client made them. One request at a time is under way: two at
/// once could change places on their way, and the earlier of them be tried again after the later had succeeded, which
/// would take the group back. What comes meanwhile waits, and goes together as far as it can: commits of one member in
/// one epoch for different partitions. The epoch says since when the member owns what it commits, so none gets that of
/// another. Thread-safe.
final class CommitLane {
    /// A client that has not waited for the answers of so many waits for some now.
    static final int WAITING_MAX = 1_000;

    /// What is left at least for a commit that has waited long.
    static final long CALL_MILLIS_MIN = 50;

    private final Coordinator coordinator;
    private final long callMillisMax;
    private final LongSupplier nanoClock;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private boolean underWay;
    /// The answer to the newest commit.
    private CompletableFuture<?> newest = CompletableFuture.completedFuture(null);

    /// The group's, wherever it is.
    @FunctionalInterface
    interface Coordinator {
        /// Answers with a result for each offset, in their order.
        CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax);
    }

    private record Waiting(
            CommitOffsetsRequest request, CompletableFuture<CommitOffsetsResponse> answer, long sinceNanos) {}

    private record Partition(ByteString topicId, int number) {}

    /// @param callMillisMax how long a commit may take, the time that it waits for others included
    CommitLane(Coordinator coordinator, long callMillisMax, LongSupplier nanoClock) {
        this.coordinator = coordinator;
        this.callMillisMax = callMillisMax;
        this.nanoClock = nanoClock;
    }

    /// Commits after all that came before.
    ///
    /// @return empty if too many wait already
    synchronized Optional<CompletableFuture<CommitOffsetsResponse>> commit(CommitOffsetsRequest request) {
        if (waiting.size() >= WAITING_MAX) {
            return Optional.empty();
        }
        var one = new Waiting(request, new CompletableFuture<>(), nanoClock.getAsLong());
        waiting.add(one);
        newest = one.answer;
        if (!underWay) {
            underWay = true;
            sendNext();
        }
        return Optional.of(one.answer);
    }

    /// Completes when everything so far is answered, well or not.
    synchronized CompletableFuture<Void> settled() {
        return newest.handle((_, _) -> null);
    }

    private void sendNext() {
        var together = takeTogether();
        var merged = together.getFirst().request.toBuilder().clearOffsets();
        together.forEach(one -> merged.addAllOffsets(one.request.getOffsetsList()));
        CompletableFuture<CommitOffsetsResponse> asked;
        try {
            asked = coordinator.commit(merged.build(), millisLeft(together.getFirst()));
        } catch (RuntimeException e) {
            // The node is stopping: nothing that waits can be sent any more.
            together.addAll(waiting);
            waiting.clear();
            underWay = false;
            fail(together, e);
            return;
        }
        var _ = asked.thenAccept(response -> answer(together, response)).whenComplete((_, failure) -> {
            if (failure != null) {
                fail(
                        together,
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure);
            }
            goOn();
        });
    }

    private long millisLeft(Waiting one) {
        var waited = TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - one.sinceNanos);
        return Math.max(CALL_MILLIS_MIN, callMillisMax - waited);
    }

    private static void fail(List<Waiting> together, Throwable cause) {
        together.forEach(one -> one.answer.completeExceptionally(cause));
    }

    private synchronized void goOn() {
        if (waiting.isEmpty()) {
            underWay = false;
        } else {
            sendNext();
        }
    }

    /// The first that waits, and those behind it that fit into one request with it.
    private List<Waiting> takeTogether() {
        List<Waiting> together = new ArrayList<>();
        Set<Partition> partitions = new HashSet<>();
        for (var next = waiting.peek(); next != null; next = waiting.peek()) {
            var more = partitions(next.request);
            if (!together.isEmpty()
                    && (!isOfTheSame(together.getFirst().request, next.request)
                            || partitions.size() + more.size() > GroupConfig.OFFSETS_PER_REQUEST_MAX
                            || more.stream().anyMatch(partitions::contains))) {
                break;
            }
            partitions.addAll(more);
            together.add(waiting.remove());
        }
        return together;
    }

    private static boolean isOfTheSame(CommitOffsetsRequest one, CommitOffsetsRequest other) {
        return one.getMemberId().equals(other.getMemberId()) && one.getMemberEpoch() == other.getMemberEpoch();
    }

    private static List<Partition> partitions(CommitOffsetsRequest request) {
        return request.getOffsetsList().stream()
                .map(offset -> new Partition(offset.getTopicId(), offset.getPartition()))
                .toList();
    }

    private static void answer(List<Waiting> together, CommitOffsetsResponse response) {
        var results = response.getResultsList();
        var expected =
                together.stream().mapToInt(one -> one.request.getOffsetsCount()).sum();
        if (results.size() != expected) {
            throw new IllegalStateException(results.size() + " results of a commit of " + expected + " partitions");
        }
        int from = 0;
        for (var one : together) {
            int to = from + one.request.getOffsetsCount();
            one.answer.complete(response.toBuilder()
                    .clearResults()
                    .addAllResults(results.subList(from, to))
                    .build());
            from = to;
        }
    }
}
