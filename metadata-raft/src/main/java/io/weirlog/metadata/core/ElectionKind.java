package io.weirlog.metadata.core;

/// What an election is asked for.
public enum ElectionKind {
    /// The preferred leader leads again, if it is in sync and in service.
    PREFERRED,
    /// A partition that nobody may lead is led by any replica that is there: acknowledged records may be lost, and
    /// somebody has said so explicitly (R12).
    UNCLEAN
}
