/// One partition's log on disk.
///
/// [io.weirlog.log.PartitionLog] is the way in: one owner thread appends, any thread reads and syncs. Everything
/// that touches a disk goes through the [io.weirlog.log.Storage] port.
@NullMarked
package io.weirlog.log;

import org.jspecify.annotations.NullMarked;
