package io.weirlog.client;

import java.util.List;

/// Whether a broker could be stopped now.
///
/// @param safe no partition would become unavailable or have too few replicas in sync
/// @param unavailable the first of the partitions that nobody could lead then
/// @param underMinInSync the first of the partitions that could not acknowledge records to writers that wait for all
/// @param leadershipsToMove what a drain still has to move
public record StopCheck(
        boolean safe,
        List<PartitionRef> unavailable,
        List<PartitionRef> underMinInSync,
        int leadershipsToMove,
        boolean draining,
        boolean fenced) {
    public StopCheck {
        unavailable = List.copyOf(unavailable);
        underMinInSync = List.copyOf(underMinInSync);
    }
}
