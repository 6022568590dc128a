package io.weirlog.metadata.core;

import java.util.ArrayList;
import java.util.List;

/// The items of one command, decided one after the other: each sees what those before it did, and none holds up
/// another.
final class Batch {
    private final long index;
    private final List<MetadataEvent> events = new ArrayList<>();
    private final List<ItemResult> results = new ArrayList<>();
    private MetadataState state;

    Batch(MetadataState state) {
        this.state = state;
        this.index = state.index();
    }

    /// With the items so far.
    MetadataState state() {
        return state;
    }

    void add(Decision item) {
        for (var event : item.events()) {
            state = state.evolve(event);
            events.add(event);
        }
        results.add(
                item.reply() instanceof MetadataReply.Rejected(var reason, var message)
                        ? new ItemResult.Refused(reason, message)
                        : new ItemResult.Accepted());
    }

    Decision decision() {
        return new Decision(events, new MetadataReply.Batch(results, index));
    }
}
