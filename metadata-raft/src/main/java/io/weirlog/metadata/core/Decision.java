package io.weirlog.metadata.core;

import java.util.List;

/// What a rule makes of a command: the changes, in order, and the answer.
record Decision(List<MetadataEvent> events, MetadataReply reply) {
    Decision {
        events = List.copyOf(events);
    }

    static Decision reject(MetadataReply.Rejected rejection) {
        return new Decision(List.of(), rejection);
    }

    static Decision reject(RejectReason reason, String message) {
        return reject(new MetadataReply.Rejected(reason, message));
    }
}
