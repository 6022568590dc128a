/// Looks into a node's metadata folder without a running quorum, and mends what can be mended. It reads only, but
/// for [io.weirlog.metadata.inspect.LogRepair].
@NullMarked
package io.weirlog.metadata.inspect;

import org.jspecify.annotations.NullMarked;
