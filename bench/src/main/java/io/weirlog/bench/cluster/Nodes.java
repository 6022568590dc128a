package io.weirlog.bench.cluster;

import java.io.IOException;
import java.time.Duration;
import java.util.stream.IntStream;

/// Nodes of one cluster, each a process, numbered from 1 on.
public interface Nodes extends AutoCloseable {
    int count();

    void startAll() throws IOException, InterruptedException;

    /// Starts a node that was stopped or killed.
    void start(int id) throws IOException, InterruptedException;

    NodeProcess process(int id);

    /// Processor time that all have used so far.
    default Duration cpu() {
        return IntStream.rangeClosed(1, count())
                .mapToObj(id -> process(id).cpu())
                .reduce(Duration.ZERO, Duration::plus);
    }

    @Override
    void close();
}
