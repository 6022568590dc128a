package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/// Which partition a record is for: the one that it names, else what the partitioner says. Holds both to the
/// partitions that there are.
final class PartitionChoice {
    private final Partitioner partitioner;

    PartitionChoice(Partitioner partitioner) {
        this.partitioner = partitioner;
    }

    /// Empty: any.
    ///
    /// @throws WeirlogException if there is no such partition, or the partitioner fails
    OptionalInt of(ProducerRecord record, TopicMetadata topic) {
        if (record.partition().isPresent()) {
            return checked(record.partition(), topic, ", not ");
        }
        OptionalInt chosen;
        try {
            chosen = Objects.requireNonNull(partitioner.partition(record, topic.partitionCount()), "it answered null");
        } catch (RuntimeException e) {
            throw failed(topic, e);
        }
        return checked(chosen, topic, ", and the producer's partitioner chose ");
    }

    private static OptionalInt checked(OptionalInt partition, TopicMetadata topic, String but) {
        var number = partition.orElse(0);
        if (number >= 0 && number < topic.partitionCount()) {
            return partition;
        }
        throw WeirlogException.of(Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_PARTITION,
                "topic " + topic.name() + " has the partitions 0 to " + (topic.partitionCount() - 1) + but + number,
                Map.of(
                        "topic", topic.name(),
                        "partition", Integer.toString(number),
                        "partition_count", Integer.toString(topic.partitionCount()))));
    }

    private static WeirlogException failed(TopicMetadata topic, RuntimeException failure) {
        return WeirlogException.of(
                Problems.problem(
                        Status.Code.INTERNAL,
                        ErrorReason.ERROR_REASON_UNSPECIFIED,
                        "the producer's partitioner failed for a record of topic " + topic.name() + ": " + failure),
                failure);
    }
}
