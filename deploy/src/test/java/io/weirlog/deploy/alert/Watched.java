package io.weirlog.deploy.alert;

/// A test of which a Prometheus watches the nodes.
interface Watched {
    Prometheus prometheus();

    /// How many nodes it watches.
    int nodes();
}
