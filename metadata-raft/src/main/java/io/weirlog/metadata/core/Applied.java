package io.weirlog.metadata.core;

import java.util.List;

/// The outcome of one command.
///
/// @param events the changes that led from the state before to `state`, in order; empty after a refusal or a
///     retry
public record Applied(MetadataState state, List<MetadataEvent> events, MetadataReply reply) {
    public Applied {
        events = List.copyOf(events);
    }
}
