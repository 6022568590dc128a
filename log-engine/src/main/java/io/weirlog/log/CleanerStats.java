package io.weirlog.log;

/// What the cleaner has done since it started, and how things stand.
///
/// @param cleanings that were finished
/// @param failures that made a log uncleanable for a while
/// @param bytesRead by finished cleanings, as are those that follow
/// @param cleaningMillis the sum of their durations
/// @param lastCleaningMillis how long the latest took
/// @param running how many are under way
/// @param uncleanableLogs how many logs are left alone since their cleaning failed
/// @param dirtyRatioMax the largest of all logs, when they were last looked at
public record CleanerStats(
        long cleanings,
        long failures,
        long bytesRead,
        long bytesWritten,
        long recordsRead,
        long recordsKept,
        long cleaningMillis,
        long lastCleaningMillis,
        int running,
        int uncleanableLogs,
        double dirtyRatioMax) {}
