/// The cluster's metadata as the rest of a node sees it: a replicated state machine to propose commands to
/// ([io.weirlog.metadata.MetadataClient]), immutable images of its state and the events between them
/// ([io.weirlog.metadata.MetadataFeed]), and the quorum member that runs it
/// ([io.weirlog.metadata.MetadataQuorum]).
///
/// Below it, `core` holds every decision as pure functions, `codec` the bytes of the log and of snapshots, and
/// `ratis` the Raft implementation.
@NullMarked
package io.weirlog.metadata;

import org.jspecify.annotations.NullMarked;
