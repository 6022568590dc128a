package io.weirlog.client;

import io.weirlog.common.BrokerId;

/// A node that keeps the metadata, as the configuration of the answering node names it.
///
/// @param address where other nodes reach it, `host:port`
public record ControllerNode(BrokerId node, String address) {}
