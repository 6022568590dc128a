package io.weirlog.record;

/// Zigzag varints as in protobuf's `sint32` and `sint64`: small numbers of either sign are short.
final class Varints {
    static final int INT_BYTES_MAX = 5;
    static final int LONG_BYTES_MAX = 10;

    private Varints() {}

    static int sizeOf(int value) {
        var zigzag = (value << 1) ^ (value >> 31);
        // One byte for every started group of seven bits.
        return (38 - Integer.numberOfLeadingZeros(zigzag | 1)) / 7;
    }

    static int sizeOf(long value) {
        var zigzag = (value << 1) ^ (value >> 63);
        return (70 - Long.numberOfLeadingZeros(zigzag | 1)) / 7;
    }

    /// Writes at `at`, returns the position after it.
    static int write(byte[] target, int at, int value) {
        var rest = (value << 1) ^ (value >> 31);
        while ((rest & ~0x7f) != 0) {
            target[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        target[at++] = (byte) rest;
        return at;
    }

    /// Writes at `at`, returns the position after it.
    static int write(byte[] target, int at, long value) {
        var rest = (value << 1) ^ (value >> 63);
        while ((rest & ~0x7fL) != 0) {
            target[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        target[at++] = (byte) rest;
        return at;
    }
}
