package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// What a partition of the test broker knows of producers: all that they have sent, looked through each time.
final class TestProducers {
    private final List<Sent> all = new ArrayList<>();

    private record Sent(long producerId, short epoch, int base, int next, long offset) {}

    /// Where the batch was appended before.
    ///
    /// @throws io.grpc.StatusRuntimeException if it is not the producer's next one either
    OptionalLong judge(RecordBatch batch) {
        if (!batch.hasProducer()) {
            return OptionalLong.empty();
        }
        var epoch = -1;
        var expected = 0;
        for (var sent : all) {
            if (sent.producerId == batch.producerId()) {
                if (sent.epoch == batch.producerEpoch() && sent.base == batch.baseSequence()) {
                    return OptionalLong.of(sent.offset);
                }
                epoch = sent.epoch;
                expected = sent.epoch == batch.producerEpoch() ? sent.next : 0;
            }
        }
        if (batch.producerEpoch() < epoch) {
            throw refused(ErrorReason.ERROR_REASON_PRODUCER_FENCED);
        }
        if (batch.baseSequence() != expected) {
            throw refused(
                    epoch < 0
                            ? ErrorReason.ERROR_REASON_UNKNOWN_PRODUCER
                            : ErrorReason.ERROR_REASON_OUT_OF_ORDER_SEQUENCE);
        }
        return OptionalLong.empty();
    }

    private static RuntimeException refused(ErrorReason reason) {
        return Problems.toStatus(Problems.problem(Status.Code.FAILED_PRECONDITION, reason, "not now"));
    }

    void appended(RecordBatch batch, long offset) {
        if (batch.hasProducer()) {
            all.add(new Sent(
                    batch.producerId(),
                    batch.producerEpoch(),
                    batch.baseSequence(),
                    batch.baseSequence() + batch.recordCount(),
                    offset));
        }
    }

    void forget() {
        all.clear();
    }
}
