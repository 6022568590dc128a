package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListOffsetsResponse;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// Finds offsets at the partitions' leaders. Any broker is asked first: it answers for what it leads, and names the
/// leaders of the others, who are asked next.
final class OffsetLookup {
    private final UnaryCalls calls;
    private final StartPosition position;
    private final long deadlineNanos;
    private final Map<PartitionRef, ListedOffset> found = new HashMap<>();
    /// Whom to ask next; empty for any broker.
    private final Map<PartitionRef, Optional<Address>> pending = new LinkedHashMap<>();

    OffsetLookup(UnaryCalls calls, StartPosition position, Duration timeout) {
        this.calls = calls;
        this.position = position;
        this.deadlineNanos = System.nanoTime() + timeout.toNanos();
    }

    /// The offsets in the order of the partitions.
    ///
    /// @throws WeirlogException what is wrong with the first partition that cannot tell, or with its leader
    List<PartitionOffset> find(Collection<PartitionRef> partitions) {
        partitions.forEach(partition -> pending.put(partition, Optional.empty()));
        for (var attempts = 1; !pending.isEmpty(); attempts++) {
            var trouble = askAll();
            if (trouble.isPresent()) {
                pauseOrThrow(trouble.get(), attempts);
            }
        }
        return partitions.stream()
                .map(partition -> new PartitionOffset(partition, offset(partition)))
                .toList();
    }

    private OptionalLong offset(PartitionRef partition) {
        var listed = Objects.requireNonNull(found.get(partition));
        return listed.hasOffset() ? OptionalLong.of(listed.getOffset()) : OptionalLong.empty();
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
                var told = take(ask(broker, together));
                trouble = told.isPresent() ? told : trouble;
            } catch (WeirlogException e) {
                if (broker.isEmpty()) {
                    throw e;
                }
                together.forEach(partition -> pending.put(partition, Optional.empty()));
                trouble = Optional.of(e.problem());
            }
        }
        return trouble;
    }

    private ListOffsetsResponse ask(Optional<Address> broker, List<PartitionRef> partitions) {
        var request = ListOffsetsRequest.newBuilder();
        for (var partition : partitions) {
            request.addPartitions(ListOffsetsPartition.newBuilder()
                    .setTopic(partition.topic())
                    .setPartition(partition.partition())
                    .setPosition(position));
        }
        var method = ConsumerServiceGrpc.getListOffsetsMethod();
        var remaining = Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime()));
        return broker.isPresent()
                ? calls.callAt(broker.get(), method, request.build(), remaining)
                : calls.call(method, request.build(), remaining);
    }

    private Optional<Problem> take(ListOffsetsResponse answer) {
        var trouble = Optional.<Problem>empty();
        for (var listed : answer.getOffsetsList()) {
            var partition = new PartitionRef(listed.getTopic(), listed.getPartition());
            if (!listed.hasProblem()) {
                pending.remove(partition);
                found.put(partition, listed);
                continue;
            }
            if (!mayPass(listed.getProblem())) {
                throw WeirlogException.of(listed.getProblem());
            }
            trouble = Optional.of(listed.getProblem());
            pending.put(partition, Address.tryParse(listed.getProblem().getMetadataOrDefault("leader_address", "")));
        }
        return trouble;
    }

    /// Whether asking may help without anybody doing something about it.
    private static boolean mayPass(Problem problem) {
        return !UnaryCalls.isAnswer(problem)
                && RetryPolicy.DEFAULT.repeatable(problem, 1, Long.MAX_VALUE, 0) instanceof RetryPolicy.Retry;
    }

    private void pauseOrThrow(Problem trouble, int attempts) {
        var remainingMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        var decision = RetryPolicy.DEFAULT.repeatable(
                trouble, attempts, remainingMillis, ThreadLocalRandom.current().nextDouble());
        if (!(decision instanceof RetryPolicy.Retry retry)) {
            throw WeirlogException.of(trouble);
        }
        try {
            calls.connections().pause(retry.delayMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw WeirlogException.of(
                    "interrupted while looking up offsets",
                    Status.CANCELLED.withCause(e).asRuntimeException());
        }
    }
}
