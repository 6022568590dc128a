package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.Committed;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Sends a stream's commits and hears their answers. Thread-safe: answers come on network threads.
final class GroupCommits {
    private final Consumer<ConsumeRequest.Builder> stream;
    private final Duration timeout;
    private CommitQueue queue = new CommitQueue();
    private Optional<Problem> ended = Optional.of(notYet());
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

    /// @param timeout how long a commit is tried again after trouble that may pass
    GroupCommits(Consumer<ConsumeRequest.Builder> stream, Duration timeout) {
        this.stream = stream;
        this.timeout = timeout;
    }

    private static Problem notYet() {
        return notOwned("the consumer has no partitions yet");
    }

    static Problem notOwned(String why) {
        return Problems.problem(
                Status.Code.ABORTED,
                ErrorReason.ERROR_REASON_PARTITION_NOT_OWNED,
                why + ": whoever owns the partitions now reads from the last commit that was made");
    }

    /// A new stream begins.
    ///
    /// @return what its answers and its end go to
    synchronized CommitQueue begin() {
        queue = new CommitQueue();
        ended = Optional.empty();
        return queue;
    }

    /// Completes when everything asked for so far is answered, well or not.
    synchronized CompletableFuture<Void> settled() {
        return last.exceptionally(failure -> null);
    }

    CompletableFuture<Void> commit(List<CommitPosition> positions) {
        if (positions.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        var done = new CompletableFuture<Void>();
        synchronized (this) {
            if (ended.isEmpty()) {
                queue.add(new CommitQueue.Request(positions, System.nanoTime() + timeout.toNanos(), done));
                last = done;
                sendNext();
                return done;
            }
            done.completeExceptionally(WeirlogException.of(ended.get()));
        }
        return done;
    }

    private synchronized void sendNext() {
        queue.next()
                .ifPresent(commit -> stream.accept(ConsumeRequest.newBuilder().setCommit(commit)));
    }

    void answered(CommitQueue asked, Committed answer) {
        var over = List.<CommitQueue.Request>of();
        synchronized (this) {
            var jitter = ThreadLocalRandom.current().nextDouble();
            var verdict = asked.answered(answer, System.nanoTime(), jitter);
            if (verdict instanceof CommitQueue.Over ending) {
                over = ending.requests();
                sendNext();
            } else if (verdict instanceof CommitQueue.Again again) {
                resumeLater(asked, again.delayMillis());
            }
        }
        var failure = answer.hasProblem() ? Optional.of(answer.getProblem()) : Optional.<Problem>empty();
        complete(over, failure);
    }

    private void resumeLater(CommitQueue which, long delayMillis) {
        CompletableFuture.delayedExecutor(delayMillis, TimeUnit.MILLISECONDS).execute(() -> {
            synchronized (this) {
                which.resume();
                sendNext();
            }
        });
    }

    private static void complete(List<CommitQueue.Request> requests, Optional<Problem> problem) {
        for (var request : requests) {
            problem.ifPresentOrElse(
                    why -> request.done().completeExceptionally(WeirlogException.of(why)),
                    () -> request.done().complete(null));
        }
    }

    /// A stream is over: what is under way there is not answered any more.
    void end(CommitQueue asked, Problem problem) {
        List<CommitQueue.Request> open;
        synchronized (this) {
            open = asked.end();
            if (asked.equals(queue)) {
                ended = Optional.of(problem);
            }
        }
        complete(open, Optional.of(problem));
    }
}
