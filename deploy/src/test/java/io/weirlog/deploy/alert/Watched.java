package io.weirlog.deploy.alert;

/// A test of nodes that a Prometheus watches.
interface Watched {
    WatchedCluster cluster();

    default Prometheus prometheus() {
        return cluster().prometheus();
    }
}
