package io.weirlog.server.produce;

import io.weirlog.metadata.core.MetadataLimits;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.v1.ProducerSequence;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/// The place of plain records in their producer's sequence.
record Sequence(long producerId, short epoch, int base) {
    private static final int CLIENT_ID_CHARS_MAX = 250;

    /// What is wrong with the numbers that a client gives.
    static Optional<String> mistake(ProducerSequence given) {
        var named = !given.getClientId().isEmpty();
        String message = null;
        if (given.getClientId().length() > CLIENT_ID_CHARS_MAX) {
            message = "`producer.client_id` has more than " + CLIENT_ID_CHARS_MAX + " characters";
        } else if (named && (given.getProducerId() != 0 || given.getProducerEpoch() != 0)) {
            message = "`producer` has a `client_id` as well as a `producer_id` or `producer_epoch`: choose one";
        } else if (given.getProducerId() < 0) {
            message = "`producer.producer_id` is negative";
        } else if (given.getProducerEpoch() < 0 || given.getProducerEpoch() > Short.MAX_VALUE) {
            message = "`producer.producer_epoch` must be between 0 and " + Short.MAX_VALUE;
        } else if (given.getBaseSequence() < 0) {
            message = "`producer.base_sequence` is negative: after 2^31 - 1 comes 0";
        }
        return Optional.ofNullable(message);
    }

    /// @param given without mistakes
    static Sequence of(ProducerSequence given) {
        return new Sequence(
                given.getClientId().isEmpty() ? given.getProducerId() : idOf(given.getClientId()),
                (short) given.getProducerEpoch(),
                given.getBaseSequence());
    }

    void stamp(RecordBatchBuilder batch) {
        batch.producer(producerId, epoch, base);
    }

    /// Of 2⁶² ids, far from those that are given out one by one: that two names in use get the same one is as good as
    /// impossible.
    private static long idOf(String clientId) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(clientId.getBytes(StandardCharsets.UTF_8));
            var hash = ByteBuffer.wrap(digest).getLong();
            return MetadataLimits.PRODUCER_IDS_END | (hash & (MetadataLimits.PRODUCER_IDS_END - 1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
