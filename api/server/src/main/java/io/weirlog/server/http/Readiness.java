package io.weirlog.server.http;

/// Whether the node should be given work. Asked on each request to `/readyz`: an answer must not wait for anything.
@FunctionalInterface
public interface Readiness {
    State state();

    sealed interface State {
        /// Registered, not fenced, and all its partitions are open.
        record Ready() implements State {}

        /// @param why for people: what the node is doing or waiting for
        record NotReady(String why) implements State {}
    }
}
