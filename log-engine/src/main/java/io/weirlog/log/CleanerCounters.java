package io.weirlog.log;

/// Counts what [CleanerStats] tells. Under the cleaner's lock.
final class CleanerCounters {
    private long cleanings;
    private long failures;
    private long bytesRead;
    private long bytesWritten;
    private long recordsRead;
    private long recordsKept;
    private long cleaningMillis;
    private long lastCleaningMillis;

    void cleaned(CleaningOutcome.Cleaned outcome, long tookMillis) {
        cleanings++;
        bytesRead += outcome.bytesRead();
        bytesWritten += outcome.bytesWritten();
        recordsRead += outcome.recordsRead();
        recordsKept += outcome.recordsKept();
        cleaningMillis += tookMillis;
        lastCleaningMillis = tookMillis;
    }

    void failed() {
        failures++;
    }

    CleanerStats stats(int running, int uncleanableLogs, double dirtyRatioMax) {
        return new CleanerStats(
                cleanings,
                failures,
                bytesRead,
                bytesWritten,
                recordsRead,
                recordsKept,
                cleaningMillis,
                lastCleaningMillis,
                running,
                uncleanableLogs,
                dirtyRatioMax);
    }
}
