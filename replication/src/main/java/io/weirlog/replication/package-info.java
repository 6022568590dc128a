/// Partitions with roles: who may append, when an append counts, and who is told.
///
/// [Partitions] is the way in. Each partition has one owner, its [Shard]; everything that changes it happens there,
/// many
/// requests a turn. Readers never enter the shard: they use the view that it publishes ([PublishedView]).
@NullMarked
package io.weirlog.replication;

import org.jspecify.annotations.NullMarked;
