package io.weirlog.replication;

/// Whether logs that wait for the disk are synced one by one or all with one call: whichever has been cheaper lately.
///
/// A call for all also writes out what nobody waits for, such as the logs of `page-cache` topics. What it takes
/// cannot be told from the number of those who wait, so it is measured. While it is not used its figure is believed
/// less and less, so slowly that trying it again costs a small part of the time.
final class SyncChoice {
    /// So few are not worth writing out what others have on the same file system.
    static final int SHARING_LOGS_MIN = 8;

    private static final double WEIGHT = 0.5;
    private static final double FORGETTING = 1 / 16.0;

    private final int threads;
    private double oneNanos;
    private double allNanos;

    /// @param threads that sync single logs beside each other
    SyncChoice(int threads) {
        this.threads = threads;
    }

    boolean isShared(int waiting) {
        return waiting >= SHARING_LOGS_MIN && allNanos * threads <= oneNanos * waiting;
    }

    void oneTook(long nanos) {
        oneNanos = average(oneNanos, nanos);
        allNanos = Math.max(0, allNanos - FORGETTING * nanos / threads);
    }

    void allTook(long nanos) {
        allNanos = average(allNanos, nanos);
    }

    private static double average(double known, long nanos) {
        return known == 0 ? nanos : known + WEIGHT * (nanos - known);
    }
}
