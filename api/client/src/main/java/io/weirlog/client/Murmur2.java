package io.weirlog.client;

/// MurmurHash2, 32 bits, with the seed that Kafka's default partitioner uses: equal keys lie in the same partition
/// whichever client wrote them.
final class Murmur2 {
    private static final int SEED = 0x9747b28c;
    private static final int MULTIPLIER = 0x5bd1e995;
    private static final int SHIFT = 24;

    private Murmur2() {}

    static int hash(byte[] data) {
        var hash = SEED ^ data.length;
        var at = 0;
        for (; data.length - at >= Integer.BYTES; at += Integer.BYTES) {
            var word = (data[at] & 0xff)
                    | (data[at + 1] & 0xff) << 8
                    | (data[at + 2] & 0xff) << 16
                    | (data[at + 3] & 0xff) << 24;
            word *= MULTIPLIER;
            word ^= word >>> SHIFT;
            hash = hash * MULTIPLIER ^ word * MULTIPLIER;
        }
        if (at < data.length) {
            for (var shift = 0; at < data.length; at++, shift += 8) {
                hash ^= (data[at] & 0xff) << shift;
            }
            hash *= MULTIPLIER;
        }
        hash ^= hash >>> 13;
        hash *= MULTIPLIER;
        return hash ^ hash >>> 15;
    }

    /// The partition of a key among `partitionCount`.
    static int partition(byte[] key, int partitionCount) {
        return (hash(key) & Integer.MAX_VALUE) % partitionCount;
    }
}
