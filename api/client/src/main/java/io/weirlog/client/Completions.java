package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Map;

/// Ends batches: frees their memory and tells their callbacks, each batch once. Belongs to the sender's thread.
final class Completions {
    private final ProducerOptions options;
    private final RecordAccumulator accumulator;

    Completions(ProducerOptions options, RecordAccumulator accumulator) {
        this.options = options;
        this.accumulator = accumulator;
    }

    void succeed(ProducerBatch batch, BatchReceipt receipt) {
        if (!batch.isCompleted()) {
            accumulator.completed(batch);
            batch.succeed(receipt);
        }
    }

    void fail(ProducerBatch batch, Problem problem, AppendOutcome outcome) {
        if (!batch.isCompleted()) {
            accumulator.completed(batch);
            batch.fail(WeirlogException.append(problem, outcome));
        }
    }

    void failNotAppended(ProducerBatch batch, Problem problem) {
        fail(batch, problem, AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
    }

    /// Ends batches for whose end `problem` is the reason.
    void end(List<SendWindow.Ended<ProducerBatch>> ended, Problem problem) {
        for (var one : ended) {
            switch (one.fate()) {
                case NOT_APPENDED -> failNotAppended(one.batch(), problem);
                case UNKNOWN -> fail(one.batch(), problem, AppendOutcome.APPEND_OUTCOME_UNKNOWN);
                case OVERTAKEN -> failOvertaken(one.batch());
            }
        }
    }

    /// Ends batches whose time is over.
    void endLate(List<SendWindow.Ended<ProducerBatch>> ended) {
        for (var one : ended) {
            switch (one.fate()) {
                case NOT_APPENDED, OVERTAKEN -> failLate(one.batch(), AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
                case UNKNOWN -> failLate(one.batch(), AppendOutcome.APPEND_OUTCOME_UNKNOWN);
            }
        }
    }

    void failLate(ProducerBatch batch, AppendOutcome outcome) {
        var timeoutMillis = options.deliveryTimeout().toMillis();
        var problem = Problems.problem(
                Status.Code.DEADLINE_EXCEEDED,
                ErrorReason.ERROR_REASON_TIMED_OUT,
                "not acknowledged by " + batch.partition() + " within the delivery timeout of " + timeoutMillis
                        + " ms; sent " + batch.attempts() + " times",
                Map.of("timeout_millis", Long.toString(timeoutMillis)));
        fail(batch, problem, outcome);
    }

    void failOvertaken(ProducerBatch batch) {
        failNotAppended(
                batch,
                Problems.problem(
                        Status.Code.ABORTED,
                        ErrorReason.ERROR_REASON_UNSPECIFIED,
                        "refused at first, and later records of " + batch.partition()
                                + " are in the log already: sending these again would change their order"));
    }

    /// For batches that cannot be numbered anew.
    static Problem sequenceBroken() {
        return Problems.problem(
                Status.Code.ABORTED,
                ErrorReason.ERROR_REASON_OUT_OF_ORDER_SEQUENCE,
                "an attempt to send it was not answered, and since earlier records of the partition are missing it"
                        + " cannot be sent again under its number");
    }

    static Problem closed() {
        return Problems.problem(Status.Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "the producer was closed");
    }
}
