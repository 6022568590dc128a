package io.weirlog.metadata.core;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.TopicId;
import java.util.List;

/// The machine's answer to a command. `index` is the log index of the command: every image of at least that
/// index shows the result.
public sealed interface MetadataReply {
    record TopicCreated(TopicId id, long index) implements MetadataReply {}

    record TopicDeleted(TopicId id, long index) implements MetadataReply {}

    record BrokerRegistered(BrokerEpoch epoch, long index) implements MetadataReply {}

    /// @param results one for each change of the command, in its order
    record IsrAltered(List<IsrResult> results, long index) implements MetadataReply {
        public IsrAltered {
            results = List.copyOf(results);
        }
    }

    /// @param results one for each partition of the command, in its order
    record LeadersElected(List<ElectionResult> results, long index) implements MetadataReply {
        public LeadersElected {
            results = List.copyOf(results);
        }
    }

    /// The answers of a command that carries many items.
    ///
    /// @param results one for each item of the command, in its order
    record Batch(List<ItemResult> results, long index) implements MetadataReply {
        public Batch {
            results = List.copyOf(results);
        }
    }

    /// The ids from `first` on, `count` of them.
    record ProducerIdsAllocated(long first, int count, long index) implements MetadataReply {}

    /// Things are as the command wanted them.
    record Done(long index) implements MetadataReply {}

    /// Nothing was changed.
    ///
    /// @param reason of the first problem found
    /// @param message all problems found, for people
    record Rejected(RejectReason reason, String message) implements MetadataReply {}
}
