package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.time.Duration;
import java.util.Optional;

/// A controller as the one that answered sees it.
///
/// @param address where the other controllers reach it, "host:port"
/// @param joining it catches up, and votes when it has
/// @param progress known to the active controller only
public record ControllerDescription(BrokerId node, String address, boolean joining, Optional<Progress> progress) {
    /// @param matchEnd one past the last log entry that it is known to have
    /// @param lagEntries how many entries it is not known to have
    /// @param sinceLastContact how long ago it answered last
    public record Progress(long matchEnd, long lagEntries, Duration sinceLastContact) {}
}
