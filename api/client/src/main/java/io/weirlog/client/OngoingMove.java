package io.weirlog.client;

import io.weirlog.common.BrokerId;
import java.util.List;

/// A partition on its way to other brokers.
///
/// @param replicas now, those to be added included
/// @param adding that get a copy of it
/// @param removing that go once all others are in sync
public record OngoingMove(
        PartitionRef partition, List<BrokerId> replicas, List<BrokerId> adding, List<BrokerId> removing) {
    public OngoingMove {
        replicas = List.copyOf(replicas);
        adding = List.copyOf(adding);
        removing = List.copyOf(removing);
    }
}
