package io.weirlog.cli.conformance;

import java.util.List;

/// The cluster that clients are tried on.
public interface ClusterUnderTest {
    /// Where clients reach its brokers; broker 1 first.
    List<String> addresses();

    /// Whether its nodes may be stopped.
    boolean canBeDisturbed();

    /// kill -9.
    void kill(int broker) throws InterruptedException;

    /// SIGTERM; returns when the process has ended.
    void stop(int broker) throws InterruptedException;

    /// Returns when it serves.
    void start(int broker) throws InterruptedException;

    /// Starts what a scenario has left stopped.
    void restore() throws InterruptedException;
}
