package io.weirlog.server.config;

import io.weirlog.common.BrokerId;
import java.util.OptionalInt;

/// One entry of `controller.quorum` as it was written.
///
/// @param raftPort absent: the same as the reader's own `raft.port`
/// @param internalPort absent: the same as the reader's own `internal.port`
public record VoterAddress(BrokerId id, String host, OptionalInt raftPort, OptionalInt internalPort) {}
