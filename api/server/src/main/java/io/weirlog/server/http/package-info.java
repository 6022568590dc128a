/// The node's HTTP port, for machines that watch over it: `/metrics` for Prometheus, `/healthz` and `/readyz` for
/// whoever restarts nodes and routes to them. It changes nothing and needs no credentials, so it tells no secrets.
@NullMarked
package io.weirlog.server.http;

import org.jspecify.annotations.NullMarked;
