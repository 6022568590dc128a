package io.weirlog.common;

/// Maps record keys to partitions as Kafka's default partitioner does, so that both put a key in the same place: 32-bit
/// MurmurHash2 (Austin Appleby, public domain) with the seed that Kafka chose, sign bit cleared, modulo the count.
public final class KeyHash {
    private static final int SEED = 0x9747b28c;
    private static final int MIX = 0x5bd1e995;
    private static final int ROTATE = 24;

    private KeyHash() {}

    /// The partition of a key among `partitionCount`, which is positive.
    public static int partition(byte[] key, int partitionCount) {
        return (murmur2(key) & Integer.MAX_VALUE) % partitionCount;
    }

    static int murmur2(byte[] key) {
        var hash = SEED ^ key.length;
        var whole = key.length & ~3;
        for (var i = 0; i < whole; i += 4) {
            var word = (key[i] & 0xff) | ((key[i + 1] & 0xff) << 8) | ((key[i + 2] & 0xff) << 16) | (key[i + 3] << 24);
            word *= MIX;
            word ^= word >>> ROTATE;
            hash = (hash * MIX) ^ (word * MIX);
        }
        for (var i = key.length - 1; i >= whole; i--) {
            hash ^= (key[i] & 0xff) << (8 * (i - whole));
        }
        if (whole < key.length) {
            hash *= MIX;
        }
        hash ^= hash >>> 13;
        hash *= MIX;
        return hash ^ (hash >>> 15);
    }
}
