package io.weirlog.replication;

import io.weirlog.replication.IsrController.Change;
import io.weirlog.replication.IsrController.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Gathers what leaders ask of the controller: while one request is under way, all that comes shares the next.
///
/// Each partition has at most one proposal under way, which bounds the queue.
final class IsrProposals {
    private final IsrController controller;
    /// Held for moments, by shards and by whoever completes requests.
    private final ReentrantLock lock = new ReentrantLock();

    private final List<Waiting> waiting = new ArrayList<>();
    private boolean underWay;

    private record Waiting(Change change, Consumer<Outcome> answer) {}

    IsrProposals(IsrController controller) {
        this.controller = controller;
    }

    /// @param answer called on any thread
    void propose(Change change, Consumer<Outcome> answer) {
        lock.lock();
        try {
            waiting.add(new Waiting(change, answer));
            if (underWay) {
                return;
            }
            underWay = true;
        } finally {
            lock.unlock();
        }
        send();
    }

    private void send() {
        var batch = take();
        if (batch.isEmpty()) {
            return;
        }
        var _ = controller.alter(batch.stream().map(Waiting::change).toList()).handle((outcomes, failure) -> {
            for (var i = 0; i < batch.size(); i++) {
                var known = failure == null && i < outcomes.size();
                batch.get(i).answer().accept(known ? outcomes.get(i) : new Outcome.Unknown());
            }
            send();
            return outcomes;
        });
    }

    private List<Waiting> take() {
        lock.lock();
        try {
            var batch = List.copyOf(waiting.subList(0, Math.min(waiting.size(), IsrController.CHANGES_MAX)));
            waiting.subList(0, batch.size()).clear();
            underWay = !batch.isEmpty();
            return batch;
        } finally {
            lock.unlock();
        }
    }
}
