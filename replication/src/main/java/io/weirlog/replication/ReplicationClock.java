package io.weirlog.replication;

/// Time as partitions see it.
public interface ReplicationClock {
    ReplicationClock SYSTEM = new ReplicationClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }
    };

    /// Monotonic, for deadlines; only differences mean anything.
    long nanoTime();

    /// Milliseconds since the epoch, for records' timestamps; it may jump.
    long wallMillis();
}
