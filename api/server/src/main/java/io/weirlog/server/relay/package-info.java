/// The way of a client's request to the broker that can answer it: any broker answers any request.
@NullMarked
package io.weirlog.server.relay;

import org.jspecify.annotations.NullMarked;
