package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A producer without idempotence, and a broker that refuses, vanishes or is slow.
abstract class FailingBroker {
    static final Duration PATIENCE = Duration.ofSeconds(20);
    static final Problem OVERLOADED =
            Problems.problem(Status.Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_OVERLOADED, "full");
    static final Problem MALFORMED =
            Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_BATCH_MALFORMED, "bad");
    static final Optional<AppendOutcome> NOT_APPENDED = Optional.of(AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
    static final Optional<AppendOutcome> UNKNOWN = Optional.of(AppendOutcome.APPEND_OUTCOME_UNKNOWN);

    final InMemoryBroker broker = InMemoryBroker.start();
    final WeirlogClient client = WeirlogClient.connect(broker.address());

    @BeforeEach
    void createTopic() {
        broker.createTopic("t", 1);
    }

    @AfterEach
    void close() {
        broker.release();
        client.close();
        broker.close();
    }

    static ProducerOptions.Builder eager() {
        return ProducerOptions.builder().linger(Duration.ZERO).idempotent(false);
    }
}
