package io.weirlog.client;

import io.weirlog.v1.Credit;
import java.util.Optional;

/// How much the broker may send ahead. Pure.
///
/// The window is given once; what was taken from it is given back in parts of half a window, so that credits
/// are few, or at once when nothing else is there, so that the broker never waits for a credit that waits for
/// the broker.
final class CreditWindow {
    private final long records;
    private final long bytes;
    private long returnedRecords;
    private long returnedBytes;

    CreditWindow(long records, long bytes) {
        this.records = records;
        this.bytes = bytes;
    }

    /// The first credit of a new stream.
    Credit open() {
        returnedRecords = 0;
        returnedBytes = 0;
        return Credit.newBuilder().setRecords(records).setBytes(bytes).build();
    }

    /// Says that a message which took so much from the credit is dealt with.
    void done(long takenRecords, long takenBytes) {
        returnedRecords += takenRecords;
        returnedBytes += takenBytes;
    }

    /// What to give back now.
    ///
    /// @param nothingElse whether no other message waits to be dealt with
    Optional<Credit> replenish(boolean nothingElse) {
        var much = 2 * returnedRecords >= records || 2 * returnedBytes >= bytes;
        if (!much && (!nothingElse || (returnedRecords == 0 && returnedBytes == 0))) {
            return Optional.empty();
        }
        var credit = Credit.newBuilder()
                .setRecords(returnedRecords)
                .setBytes(returnedBytes)
                .build();
        returnedRecords = 0;
        returnedBytes = 0;
        return Optional.of(credit);
    }
}
