package io.weirlog.client;

/// The place of a batch in its producer's sequence.
///
/// @param baseSequence of the first record
record ProducerNumbers(ProducerIdentity producer, int baseSequence) {}
