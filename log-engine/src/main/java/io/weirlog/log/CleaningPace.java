package io.weirlog.log;

/// Slows a cleaning down, and ends it before its time.
@FunctionalInterface
public interface CleaningPace {
    /// Told of bytes that were read or written, every now and then; may wait.
    ///
    /// @throws InterruptedException if the cleaning has to end: the log stays as it is
    void took(long bytes) throws InterruptedException;
}
