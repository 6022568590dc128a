package io.weirlog.log;

import io.weirlog.common.Offset;

/// What became of a transaction marker.
///
/// The epoch rises with each transaction (KIP-890): the marker that ends one carries a newer epoch than its batches.
/// So a marker that comes late can never end the transaction after it (P5).
///
/// | Marker's epoch | Transaction | Result |
/// |---|---|---|
/// | newer than the producer's, or the producer is unknown | open or not | written: it fences the older epochs |
/// | the producer's | none open | already written: a repeated marker changes nothing (P4) |
/// | the producer's | open | late: it is of the transaction before |
/// | older | any | late |
///
/// A marker of a coordinator older than one that has written a marker before is refused, whatever its epoch.
public sealed interface MarkerResult {
    /// @param offset that of the marker
    record Written(Offset offset) implements MarkerResult {}

    /// It is in the log, somewhere before its present end.
    record AlreadyWritten() implements MarkerResult {}

    /// The producer is further than the marker.
    record Late(short currentEpoch) implements MarkerResult {}

    /// Another coordinator has taken over.
    record CoordinatorFenced(int currentCoordinatorEpoch) implements MarkerResult {}
}
