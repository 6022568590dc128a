package io.weirlog.log;

import java.io.IOException;

/// The way to the thread that owns a log, for others that have something to be done by it.
@FunctionalInterface
public interface OwnerThread {
    /// Runs a step on the owner's thread and waits for its end.
    ///
    /// @throws IOException what the step has thrown; also if the log is not owned any more, and the step
    ///     was not run
    void run(Step step) throws IOException, InterruptedException;

    /// What the owner does.
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }
}
