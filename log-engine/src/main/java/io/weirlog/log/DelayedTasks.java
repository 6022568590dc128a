package io.weirlog.log;

/// Runs something once, later, on any thread; whoever opens a log brings one.
@FunctionalInterface
public interface DelayedTasks {
    /// For those who do not want to wait: runs every task at once, on the caller's thread.
    DelayedTasks AT_ONCE = (task, delayMillis) -> task.run();

    /// @param task does not throw
    void schedule(Runnable task, long delayMillis);
}
