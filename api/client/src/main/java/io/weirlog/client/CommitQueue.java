package io.weirlog.client;

import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.Committed;
import io.weirlog.v1.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// The commits of one stream, one under way at a time, so that a late one never undoes a later one. What is asked
/// for meanwhile waits and goes as one commit, the newest position of each partition. Pure.
final class CommitQueue {
    /// What a broker takes in one request.
    private static final int POSITIONS_MAX = 10_000;

    private final List<Request> waiting = new ArrayList<>();
    private List<Request> underway = List.of();
    private long lastId;
    private int attempts;
    private boolean pausing;

    /// @param untilNanos until when it is tried again after trouble that may pass
    record Request(List<CommitPosition> positions, long untilNanos, CompletableFuture<Void> done) {}

    /// What an answer means.
    sealed interface Verdict {}

    /// These are over.
    record Over(List<Request> requests, Optional<Problem> problem) implements Verdict {}

    /// Nothing is over: [#resume] after a while.
    record Again(long delayMillis) implements Verdict {}

    /// The answer is none of what is under way.
    record Nothing() implements Verdict {}

    void add(Request request) {
        waiting.add(request);
    }

    /// What to send now, if anything.
    Optional<Commit> next() {
        if (!underway.isEmpty() || waiting.isEmpty() || pausing) {
            return Optional.empty();
        }
        var positions = new LinkedHashMap<Integer, CommitPosition>();
        var taken = 0;
        for (var request : waiting) {
            if (taken > 0 && positions.size() + request.positions().size() > POSITIONS_MAX) {
                break;
            }
            request.positions().forEach(position -> positions.put(position.getAssignment(), position));
            taken++;
        }
        var batch = waiting.subList(0, taken);
        underway = List.copyOf(batch);
        batch.clear();
        return Optional.of(Commit.newBuilder()
                .setCommitId(++lastId)
                .addAllPositions(positions.values())
                .build());
    }

    /// @param jitter of [0, 1): spreads the retries of many clients
    Verdict answered(Committed answer, long nowNanos, double jitter) {
        if (underway.isEmpty() || answer.getCommitId() != lastId) {
            return new Nothing();
        }
        var requests = underway;
        underway = List.of();
        var passes = answer.hasProblem() && StreamLife.mayPass(answer.getProblem(), attempts + 1);
        if (passes && requests.stream().anyMatch(request -> nowNanos - request.untilNanos() < 0)) {
            waiting.addAll(0, requests);
            pausing = true;
            attempts++;
            return new Again(RetryPolicy.DEFAULT.delayMillis(attempts, jitter));
        }
        attempts = 0;
        return new Over(requests, answer.hasProblem() ? Optional.of(answer.getProblem()) : Optional.empty());
    }

    /// The while is over.
    void resume() {
        pausing = false;
    }

    /// The stream is over: all that was asked for.
    List<Request> end() {
        var all = new ArrayList<>(underway);
        all.addAll(waiting);
        waiting.clear();
        underway = List.of();
        pausing = false;
        attempts = 0;
        return all;
    }
}
