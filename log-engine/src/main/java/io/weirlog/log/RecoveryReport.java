package io.weirlog.log;

import java.util.List;

/// What opening a log found and did.
///
/// @param clean whether the log had been closed properly, so that nothing needed to be checked
/// @param scannedBytes how much was read and checked against its CRCs
/// @param cutBytes how much of a torn end was cut: never anything that was once synced
/// @param cutReason why, empty if nothing was
/// @param rebuiltIndexes how many segments got new indexes
/// @param foreignFiles names in the directory that are not of this log and were left alone
public record RecoveryReport(
        boolean clean,
        long scannedBytes,
        long cutBytes,
        String cutReason,
        int rebuiltIndexes,
        List<String> foreignFiles) {}
