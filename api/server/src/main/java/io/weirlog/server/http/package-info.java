/// The node's HTTP port, for machines that watch over it: `/metrics` for Prometheus, `/healthz` and `/readyz` for
/// whoever restarts nodes and routes to them. It needs no credentials, so that part changes nothing and tells no
/// secrets;
/// topics and records are served beside it only where the configuration says so.
@NullMarked
package io.weirlog.server.http;

import org.jspecify.annotations.NullMarked;
