/// Reads: fetches, consumer streams and offset lookups.
@NullMarked
package io.weirlog.server.consume;

import org.jspecify.annotations.NullMarked;
