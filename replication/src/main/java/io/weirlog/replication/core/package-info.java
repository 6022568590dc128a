/// What replication decides: pure, single-threaded machines. Events go in, effects come out; there is no clock, file,
/// thread or network here, so the same code runs in a broker and, thousands of times faster, in a simulation.
///
/// [LeaderPartition] and [FollowerPartition] are the two roles of a replica, [ReplicationStream] is the sending side
/// of the stream that a leader's broker has to a follower's.
@NullMarked
package io.weirlog.replication.core;

import org.jspecify.annotations.NullMarked;
