package io.weirlog.log;

/// What one cleaning may take to remember keys, and the secret under which it does.
///
/// @param bytes for the keys of one cleaning; what does not fit is cleaned the next time
/// @param loadFactor which share of them may be used: the more, the slower
/// @param secret0 half of 128 bits that nobody knows who chooses keys
/// @param secret1 the other half
public record CompactionMemory(long bytes, double loadFactor, long secret0, long secret1) {
    OffsetMap mapFor(long keysExpected) {
        return new OffsetMap(bytes, loadFactor, keysExpected, new KeyHash(secret0, secret1));
    }
}
