package io.weirlog.metadata.core;

/// What became of one partition for which an election was asked.
public enum ElectionResult {
    ELECTED,
    /// The preferred leader leads; or, where an unclean election was asked for, somebody does.
    LEADS_ALREADY,
    UNKNOWN_PARTITION,
    /// The preferred leader is not in sync, out of service or about to stop; or nobody is there who could lead.
    NOT_AVAILABLE
}
