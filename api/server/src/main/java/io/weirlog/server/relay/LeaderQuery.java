package io.weirlog.server.relay;

import io.weirlog.common.BrokerId;
import io.weirlog.server.ServerProblems;
import io.weirlog.v1.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Asks the leaders of many partitions at the same time, each once for all of its own, and puts the answers into the
/// order of the questions. What a broker turns out not to lead is asked again where the metadata then point to; a
/// leader that fails costs its own partitions only.
///
/// @param <Q> what is asked about one partition
/// @param <A> what is answered about it
public final class LeaderQuery<Q, A> {
    private final Asked<Q, A> asked;
    private final Relay relay;
    private final Executor executor;

    /// How questions of one kind are asked.
    public interface Asked<Q, A> {
        /// The other broker that leads the partition; empty if this one is to answer.
        Optional<BrokerId> elsewhere(Q question);

        /// This broker's answers, one for each question.
        CompletableFuture<List<A>> here(List<Q> questions);

        /// Another broker's answers, one for each question.
        CompletableFuture<List<A>> at(BrokerId broker, List<Q> questions);

        /// What is wrong with an answer, if anything.
        Optional<Problem> problem(A answer);

        /// The answer that tells of a problem.
        A failed(Q question, Problem problem);
    }

    /// @param executor where this broker's own answers are found, and where the questions are sorted
    public LeaderQuery(Asked<Q, A> asked, Relay relay, Executor executor) {
        this.asked = asked;
        this.relay = relay;
        this.executor = executor;
    }

    /// Never fails: what went wrong is in the answers.
    ///
    /// @param waitMillisMax for how long to look for leaders; an attempt under way is waited for
    public CompletableFuture<List<A>> ask(List<Q> questions, long waitMillisMax) {
        var pending = new Pending(questions, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillisMax));
        executor.execute(() -> pending.attempt(pending.all()));
        return pending.result;
    }

    private final class Pending {
        private final List<Q> questions;
        private final long deadlineNanos;
        private final Map<Integer, A> answers = new HashMap<>();
        private final CompletableFuture<List<A>> result = new CompletableFuture<>();

        Pending(List<Q> questions, long deadlineNanos) {
            this.questions = questions;
            this.deadlineNanos = deadlineNanos;
        }

        List<Integer> all() {
            List<Integer> indexes = new ArrayList<>(questions.size());
            for (int i = 0; i < questions.size(); i++) {
                indexes.add(i);
            }
            return indexes;
        }

        void attempt(List<Integer> open) {
            Map<Optional<BrokerId>, List<Integer>> byBroker = new HashMap<>();
            for (int index : open) {
                byBroker.computeIfAbsent(asked.elsewhere(questions.get(index)), _ -> new ArrayList<>())
                        .add(index);
            }
            List<CompletableFuture<Void>> rounds = new ArrayList<>();
            byBroker.forEach((broker, indexes) -> rounds.add(put(broker, indexes)));
            var _ = CompletableFuture.allOf(rounds.toArray(CompletableFuture<?>[]::new))
                    .thenRunAsync(() -> goOn(open), executor);
        }

        private CompletableFuture<Void> put(Optional<BrokerId> broker, List<Integer> indexes) {
            var part = indexes.stream().map(questions::get).toList();
            var answering = broker.map(id -> asked.at(id, part)).orElseGet(() -> asked.here(part));
            return answering.handle((given, failure) -> {
                for (int i = 0; i < indexes.size(); i++) {
                    var answer = failure == null && given.size() == indexes.size()
                            ? given.get(i)
                            : asked.failed(part.get(i), problem(broker, failure));
                    record(indexes.get(i), answer);
                }
                return null;
            });
        }

        private static Problem problem(Optional<BrokerId> broker, @Nullable Throwable failure) {
            var cause = failure == null ? new IllegalStateException("it answered something else") : failure;
            return broker.map(id -> Relay.problem(id, cause))
                    .orElseGet(() -> ServerProblems.internal("the request failed: see the broker's log"));
        }

        private synchronized void record(int index, A answer) {
            answers.put(index, answer);
        }

        private A answer(int index) {
            return Objects.requireNonNull(answers.get(index), "every question has an answer");
        }

        private synchronized void goOn(List<Integer> asked) {
            var again = asked.stream().filter(this::goesElsewhere).toList();
            if (again.isEmpty() || System.nanoTime() - deadlineNanos >= 0) {
                result.complete(all().stream().map(this::answer).toList());
                return;
            }
            try {
                var _ = relay.timers()
                        .schedule(
                                () -> executor.execute(() -> attempt(again)),
                                Routes.BACKOFF_MILLIS,
                                TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                // The node is stopping.
                result.complete(all().stream().map(this::answer).toList());
            }
        }

        private boolean goesElsewhere(int index) {
            return LeaderQuery.this
                    .asked
                    .problem(answer(index))
                    .filter(Routes::goesElsewhere)
                    .isPresent();
        }
    }
}
