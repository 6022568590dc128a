package io.weirlog.log;

/// What [BatchValidator] found.
public sealed interface BatchVerdict {
    /// The batch may be appended as it is.
    ///
    /// @param recordCount also the number of offsets it takes
    /// @param maxTimestampMillis the latest time of its records; −1 if none has one
    record Valid(int recordCount, long maxTimestampMillis) implements BatchVerdict {}

    /// The batch must not be appended.
    ///
    /// @param message says what is wrong and what was expected, for the sender to read
    record Invalid(Reason reason, String message) implements BatchVerdict {}

    enum Reason {
        /// The CRC32C does not match the bytes.
        WRONG_CRC,
        /// The length field does not match the bytes that came, or these are too few for a header.
        WRONG_LENGTH,
        /// The batch is larger than `max.message.bytes`.
        BATCH_TOO_LARGE,
        /// A record is larger than `max.message.bytes`.
        RECORD_TOO_LARGE,
        /// The batch unpacks to more than is allowed.
        DECOMPRESSED_TOO_LARGE,
        /// A batch format other than magic 2.
        UNSUPPORTED_MAGIC,
        UNKNOWN_COMPRESSION,
        /// Attributes that nobody has defined, or that only a broker sets.
        WRONG_ATTRIBUTES,
        NO_RECORDS,
        /// The records' offset deltas are not 0, 1, 2 and so on up to the last offset delta.
        NON_MONOTONIC_OFFSETS,
        /// The records cannot be read.
        MALFORMED_RECORD,
        /// A record without a key, in a topic that is compacted by key.
        KEY_MISSING,
        /// Control batches come from brokers only.
        CONTROL_BATCH,
        /// The batch claims log append time, which only a broker may set, or a maximum that is not that of its
        /// records; or a record's time is further in the past or in the future than the topic allows.
        WRONG_TIMESTAMP,
        /// Producer id, epoch and base sequence do not go together.
        WRONG_PRODUCER
    }
}
