/// Streams between brokers: what the partitions of two brokers say to each other.
///
/// A [LeaderLink] is this broker's end of the stream to a broker that leads partitions which this one follows; a
/// [FollowerStream] is the other end. Which bytes they become is the [ReplicaTransport]'s affair.
@NullMarked
package io.weirlog.replication.link;

import org.jspecify.annotations.NullMarked;
