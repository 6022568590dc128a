package io.weirlog.replication;

/// How logs are brought to stable storage.
///
/// @param threads that sync beside each other
/// @param shared whether one call may serve many logs, where the file system can do that reliably
public record SyncConfig(int threads, boolean shared) {
    public static final SyncConfig DEFAULTS = new SyncConfig(2, true);
}
