package io.weirlog.log.fault;

/// What can be asked of a disk. All but reading changes what a crash would leave: before each of these there is a
/// boundary.
public enum Operation {
    READ,
    CREATE,
    WRITE,
    TRUNCATE,
    /// Of a mapping that makes its file longer.
    EXTEND,
    SYNC,
    RENAME,
    DELETE,
    CREATE_DIRECTORY,
    SYNC_DIRECTORY,
    SYNC_FILE_SYSTEM
}
