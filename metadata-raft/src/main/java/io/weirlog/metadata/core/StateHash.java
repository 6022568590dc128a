package io.weirlog.metadata.core;

/// The hash of the state after the log entry at `index`: the same for all voters (M2).
///
/// @param hash SHA-256 in hexadecimal
public record StateHash(long index, String hash) {}
