/// What nodes say to each other: proposals to the active controller, the brokers' lives, the metadata as they change.
/// Only the transport is here; what is decided is decided in `io.weirlog.metadata`.
@NullMarked
package io.weirlog.server.internal;

import org.jspecify.annotations.NullMarked;
