package io.weirlog.metadata.core;

/// What became of one partition that was to be led by its preferred leader.
public enum PreferredResult {
    ELECTED,
    LEADS_ALREADY,
    UNKNOWN_PARTITION,
    /// The preferred leader is not in sync, out of service or about to stop; or the partition has no leader, and
    /// then nobody can lead it.
    NOT_AVAILABLE
}
