package io.weirlog.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A broker that refuses, breaks streams before and after appending, and says it does not know: whatever it does, the
/// log stays in order, and what the producer told of each record is true.
class ProducerChaosTest {
    private static final int RECORDS = 1_500;
    private static final Problem OVERLOADED =
            Problems.problem(Status.Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_OVERLOADED, "full");
    private static final Problem MALFORMED =
            Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BATCH_MALFORMED, "bad");

    @ParameterizedTest
    @CsvSource({
        "false, 1, 1",
        "false, 1, 2",
        "false, 5, 4",
        "false, 5, 5",
        "false, 5, 6",
        "true, 1, 1",
        "true, 1, 2",
        "true, 5, 4",
        "true, 5, 5",
        "true, 5, 6",
        "true, 5, 7",
        "true, 5, 8"
    })
    void tellsTheTruth(boolean idempotent, int inFlight, long seed) {
        var name = (idempotent ? "idempotent, " : "") + "in flight " + inFlight + ", seed " + seed;
        try (var broker = InMemoryBroker.start();
                var client = WeirlogClient.connect(broker.address())) {
            broker.createTopic("t", 2);
            var random = new Random(seed);
            for (var i = 0; i < 200; i++) {
                broker.react(reaction(random));
            }
            var sent = send(client, idempotent, inFlight);
            for (var partition = 0; partition < 2; partition++) {
                var log = broker.values("t", partition).stream()
                        .map(Integer::valueOf)
                        .toList();
                var sorted = new ArrayList<>(log);
                Collections.sort(sorted);
                assertEquals(sorted, log, name + ": out of order");
                assertEquals(log.size(), new HashSet<>(log).size(), name + ": doubled");
                check(sent, partition, log, name);
            }
        }
    }

    private static Reaction reaction(Random random) {
        return switch (random.nextInt(30)) {
            case 0, 1 -> Reaction.refuse(OVERLOADED);
            case 2 -> Reaction.refuse(MALFORMED);
            case 3 -> new Reaction.Refuse(OVERLOADED, AppendOutcome.APPEND_OUTCOME_UNKNOWN);
            case 4 -> new Reaction.AppendAndBreak();
            case 5 -> new Reaction.Break();
            default -> new Reaction.Accept();
        };
    }

    private static List<CompletableFuture<Acknowledgement>> send(
            WeirlogClient client, boolean idempotent, int inFlight) {
        var options = ProducerOptions.builder()
                .linger(Duration.ZERO)
                .batchBytes(256)
                .idempotent(idempotent)
                .maxInFlightPerPartition(inFlight)
                .build();
        try (var producer = client.producer(options)) {
            return IntStream.range(0, RECORDS)
                    .mapToObj(i -> producer.send(
                            ProducerRecord.of("t", Integer.toString(i)).toPartition(i % 2)))
                    .toList();
        }
    }

    private static void check(
            List<CompletableFuture<Acknowledgement>> sent, int partition, List<Integer> log, String name) {
        var acknowledged = 0;
        for (var i = partition; i < RECORDS; i += 2) {
            var record = name + ", record " + i;
            assertTrue(sent.get(i).isDone(), record + ": never told");
            if (sent.get(i).isCompletedExceptionally()) {
                if (ProducerTest.failure(sent.get(i)).outcome().orElseThrow()
                        == AppendOutcome.APPEND_OUTCOME_NOT_APPENDED) {
                    assertTrue(!log.contains(i), record + ": told as not appended");
                }
            } else {
                acknowledged++;
                var offset = sent.get(i).join().offset().orElseThrow();
                assertEquals(i, log.get((int) offset), record + ": not at its offset");
            }
        }
        assertTrue(acknowledged > RECORDS / 8, name + ": only " + acknowledged + " acknowledged");
    }
}
