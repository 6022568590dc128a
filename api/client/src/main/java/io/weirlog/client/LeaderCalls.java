package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.Problem;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// Requests that only the partitions' leaders answer, and that may be repeated. Any broker is asked first: it answers
/// for what it leads, and names the leaders of the others, who are asked next.
final class LeaderCalls {
    private final UnaryCalls calls;
    private final Exchange exchange;
    private final long deadlineNanos;
    /// Whom to ask next; empty for any broker.
    private final Map<PartitionRef, Optional<Address>> pending = new LinkedHashMap<>();
    /// What last kept those that are pending from being done.
    private final Map<PartitionRef, Problem> troubles = new HashMap<>();

    /// What is asked, and what becomes of the answers.
    interface Exchange {
        /// Asks this broker, or any, about these partitions. Those that are done are dealt with here.
        ///
        /// @return the problems of the others
        Map<PartitionRef, Problem> ask(Optional<Address> broker, List<PartitionRef> partitions, Duration remaining);

        /// Asking again would not help.
        void refused(PartitionRef partition, Problem problem);
    }

    LeaderCalls(UnaryCalls calls, Duration timeout, Exchange exchange) {
        this.calls = calls;
        this.exchange = exchange;
        this.deadlineNanos = System.nanoTime() + timeout.toNanos();
    }

    /// Returns once each partition is done or refused.
    ///
    /// @throws WeirlogException if no broker can be reached
    void run(Collection<PartitionRef> partitions) {
        partitions.forEach(partition -> pending.put(partition, Optional.empty()));
        for (var attempts = 1; !pending.isEmpty(); attempts++) {
            var trouble = askAll();
            if (trouble.isPresent() && !pause(trouble.get(), attempts)) {
                pending.keySet()
                        .forEach(partition ->
                                exchange.refused(partition, troubles.getOrDefault(partition, trouble.get())));
                return;
            }
        }
    }

    /// Asks each broker once for what it may lead; returns what kept one of them from answering.
    private Optional<Problem> askAll() {
        var trouble = Optional.<Problem>empty();
        for (var broker : pending.values().stream().distinct().toList()) {
            var together = pending.entrySet().stream()
                    .filter(entry -> entry.getValue().equals(broker))
                    .map(Map.Entry::getKey)
                    .toList();
            try {
                var told = take(together, exchange.ask(broker, together, remaining()));
                trouble = told.isPresent() ? told : trouble;
            } catch (WeirlogException e) {
                if (broker.isEmpty()) {
                    throw e;
                }
                for (var partition : together) {
                    pending.put(partition, Optional.empty());
                    troubles.put(partition, e.problem());
                }
                trouble = Optional.of(e.problem());
            }
        }
        return trouble;
    }

    private Duration remaining() {
        return Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime()));
    }

    private Optional<Problem> take(List<PartitionRef> asked, Map<PartitionRef, Problem> problems) {
        var trouble = Optional.<Problem>empty();
        for (var partition : asked) {
            var problem = Optional.ofNullable(problems.get(partition));
            if (problem.filter(LeaderCalls::mayPass).isPresent()) {
                trouble = problem;
                troubles.put(partition, problem.get());
                pending.put(partition, Address.tryParse(problem.get().getMetadataOrDefault("leader_address", "")));
            } else {
                pending.remove(partition);
                problem.ifPresent(refusal -> exchange.refused(partition, refusal));
            }
        }
        return trouble;
    }

    /// Whether asking may help without anybody doing something about it.
    private static boolean mayPass(Problem problem) {
        return !UnaryCalls.isAnswer(problem)
                && RetryPolicy.DEFAULT.repeatable(problem, 1, Long.MAX_VALUE, 0) instanceof RetryPolicy.Retry;
    }

    /// False if there is no time left for another attempt.
    private boolean pause(Problem trouble, int attempts) {
        var remainingMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        var decision = RetryPolicy.DEFAULT.repeatable(
                trouble, attempts, remainingMillis, ThreadLocalRandom.current().nextDouble());
        if (!(decision instanceof RetryPolicy.Retry retry)) {
            return false;
        }
        try {
            calls.connections().pause(retry.delayMillis());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw WeirlogException.of(
                    "interrupted while waiting for the leaders of partitions",
                    Status.CANCELLED.withCause(e).asRuntimeException());
        }
    }
}
