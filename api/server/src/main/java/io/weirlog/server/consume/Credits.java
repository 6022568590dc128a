package io.weirlog.server.consume;

import io.grpc.Status;
import io.weirlog.v1.Credit;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.util.Optional;

/// What a consumer lets the broker send: records and bytes, counted down by what is sent.
final class Credits {
    /// More than anyone can use; a sum beyond it is a mistake of the client.
    static final long MAX = 1L << 50;

    private long records;
    private long bytes;

    boolean open() {
        return records > 0 && bytes > 0;
    }

    /// The most records that the next message may take.
    int recordsMax() {
        return (int) Math.min(records, Integer.MAX_VALUE);
    }

    int bytesMax() {
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    void take(long sentRecords, long sentBytes) {
        records -= sentRecords;
        bytes -= sentBytes;
    }

    /// Adds what the client grants; refuses what makes no sense and then adds nothing.
    Optional<Problem> grant(Credit credit) {
        if (credit.getRecords() < 0 || credit.getBytes() < 0) {
            return Optional.of(problem("a credit is negative"));
        }
        if (credit.getRecords() > MAX
                || credit.getBytes() > MAX
                || records + credit.getRecords() > MAX
                || bytes + credit.getBytes() > MAX) {
            return Optional.of(problem("the credit adds up to more than " + MAX));
        }
        records += credit.getRecords();
        bytes += credit.getBytes();
        return Optional.empty();
    }

    private static Problem problem(String message) {
        return Problems.problem(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_CREDIT_EXCEEDED, message);
    }
}
