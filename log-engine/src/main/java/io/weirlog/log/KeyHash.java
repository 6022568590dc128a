package io.weirlog.log;

import java.nio.ByteBuffer;

/// The 128 bits by which compaction knows a key: SipHash-2-4-128 (Aumasson and Bernstein) under a secret of the node.
///
/// Two keys of equal hash would be taken for one, and the older record lost. Among 2³² keys that happens by chance
/// once in 2⁶⁵ logs; the secret keeps those who choose keys from making it happen. One thread at a time: the result
/// lies in the two fields that [#high] and [#low] read, so that a key costs no object.
final class KeyHash {
    private final long secret0;
    private final long secret1;
    private long v0;
    private long v1;
    private long v2;
    private long v3;
    private long high;
    private long low;

    KeyHash(long secret0, long secret1) {
        this.secret0 = secret0;
        this.secret1 = secret1;
    }

    /// Hashes `length` bytes from index `from` on.
    ///
    /// @param littleEndian a view in that byte order, so that eight bytes are one read
    void hash(ByteBuffer littleEndian, int from, int length) {
        v0 = secret0 ^ 0x736f6d6570736575L;
        v1 = secret1 ^ 0x646f72616e646f6dL ^ 0xee;
        v2 = secret0 ^ 0x6c7967656e657261L;
        v3 = secret1 ^ 0x7465646279746573L;
        var whole = from + (length & ~7);
        for (var at = from; at < whole; at += Long.BYTES) {
            absorb(littleEndian.getLong(at));
        }
        var last = (long) length << 56;
        for (var i = 0; i < (length & 7); i++) {
            last |= (littleEndian.get(whole + i) & 0xffL) << (8 * i);
        }
        absorb(last);
        v2 ^= 0xee;
        rounds(4);
        low = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        rounds(4);
        high = v0 ^ v1 ^ v2 ^ v3;
    }

    long high() {
        return high;
    }

    long low() {
        return low;
    }

    private void absorb(long word) {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }

    private void rounds(int count) {
        var a = v0;
        var b = v1;
        var c = v2;
        var d = v3;
        for (var i = 0; i < count; i++) {
            a += b;
            c += d;
            b = Long.rotateLeft(b, 13) ^ a;
            d = Long.rotateLeft(d, 16) ^ c;
            a = Long.rotateLeft(a, 32);
            c += b;
            a += d;
            b = Long.rotateLeft(b, 17) ^ c;
            d = Long.rotateLeft(d, 21) ^ a;
            c = Long.rotateLeft(c, 32);
        }
        v0 = a;
        v1 = b;
        v2 = c;
        v3 = d;
    }
}
