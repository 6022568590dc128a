package io.weirlog.client;

import io.weirlog.common.Durability;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/// A record is in the log: where, and what its acknowledgement is worth.
public final class Acknowledgement {
    private final BatchReceipt receipt;
    private final int recordIndex;

    Acknowledgement(BatchReceipt receipt, int recordIndex) {
        this.receipt = receipt;
        this.recordIndex = recordIndex;
    }

    public String topic() {
        return receipt.partition().topic();
    }

    public int partition() {
        return receipt.partition().partition();
    }

    /// Empty with [Acks#NONE], and if so many attempts were not answered that the broker remembers no more where the
    /// first one led.
    public OptionalLong offset() {
        var base = receipt.baseOffset();
        return base.isPresent() ? OptionalLong.of(base.getAsLong() + recordIndex) : base;
    }

    /// The epoch of the leader that appended it.
    public int leaderEpoch() {
        return receipt.leaderEpoch();
    }

    /// When the leader appended it.
    public Instant appendTime() {
        return receipt.appendTime();
    }

    /// How many replicas held it by then.
    public int acknowledgedBy() {
        return receipt.acknowledgedBy();
    }

    /// How safely these replicas hold it; empty if the broker did not say.
    public Optional<Durability> durability() {
        return receipt.durability();
    }

    @Override
    public String toString() {
        var offset = offset();
        return receipt.partition() + "@" + (offset.isPresent() ? offset.getAsLong() : "?");
    }
}
