package io.weirlog.log.inspect;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What a snapshot says of one producer.
///
/// @param lastBatch empty if the producer's epoch has only a marker yet
/// @param timestampMillis of its last batch or marker
/// @param coordinatorEpoch of its last marker
/// @param transactionStart the first offset of its open transaction
public record ProducerEntry(
        long producerId,
        short epoch,
        Optional<LastBatch> lastBatch,
        long timestampMillis,
        OptionalInt coordinatorEpoch,
        OptionalLong transactionStart) {
    /// The end of a producer's newest batch.
    public record LastBatch(int lastSequence, long lastOffset) {}

    /// The entry at the buffer's position, which moves behind it. In the file what is absent is -1.
    static ProducerEntry next(ByteBuffer snapshot) {
        var producerId = snapshot.getLong();
        var epoch = snapshot.getShort();
        var lastBatch = new LastBatch(snapshot.getInt(), snapshot.getLong());
        snapshot.getInt(); // How many records that batch has before its last.
        var timestampMillis = snapshot.getLong();
        var coordinatorEpoch = snapshot.getInt();
        var transactionStart = snapshot.getLong();
        return new ProducerEntry(
                producerId,
                epoch,
                Optional.of(lastBatch).filter(batch -> batch.lastOffset() >= 0),
                timestampMillis,
                coordinatorEpoch < 0 ? OptionalInt.empty() : OptionalInt.of(coordinatorEpoch),
                transactionStart < 0 ? OptionalLong.empty() : OptionalLong.of(transactionStart));
    }
}
