package io.weirlog.metadata;

/// Where a node listens: a host name or address, and a port. Names are preferred: they survive a move of the
/// node.
///
/// Plain data, as it came from a configuration or a request; the metadata machine refuses illegal ones.
public record Endpoint(String host, int port) {
    @Override
    public String toString() {
        return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
    }
}
