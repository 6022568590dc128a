/// A whole cluster in one thread: the real roles, logs and metadata machine on a simulated clock, network and disks.
@NullMarked
package io.weirlog.replication.sim;

import org.jspecify.annotations.NullMarked;
