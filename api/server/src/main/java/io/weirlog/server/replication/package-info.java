/// The streams between brokers, as gRPC: `weirlog.internal.v1.ReplicationService`, both ends of it.
@NullMarked
package io.weirlog.server.replication;

import org.jspecify.annotations.NullMarked;
