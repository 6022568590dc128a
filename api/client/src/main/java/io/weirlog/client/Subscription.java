package io.weirlog.client;

import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.Credit;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Routing;
import java.util.Collection;

/// Says what a consumer's stream is to read.
final class Subscription {
    private static final int BATCH_BYTES_MAX = 1024 * 1024;

    private Subscription() {}

    /// The first message of a stream.
    ///
    /// @param readings what was read so far, over earlier streams
    static ConsumeInitial initial(
            ConsumerOptions options, Collection<PartitionReading> readings, Credit credit, String clientId) {
        return ConsumeInitial.newBuilder()
                .setClientId(clientId)
                .setPartitions(readings.isEmpty() ? asOptionsSay(options) : onwards(options, readings))
                .setStart(ToProto.start(options.start()))
                .setIsolation(options.isolation().toProto())
                .setForm(RecordForm.RECORD_FORM_BATCHES)
                // It reads from leaders, or closer by: a broker that is neither shall say so.
                .setRouting(Routing.ROUTING_LEADER_ONLY)
                .setRack(options.rack())
                .setCredit(credit)
                // The last message within the credit may go beyond it by its own size.
                .setMaxBatchBytes(Math.min(BATCH_BYTES_MAX, Math.max(1, options.bufferBytes() / 2)))
                .build();
    }

    private static ExplicitPartitions asOptionsSay(ConsumerOptions options) {
        var wanted = ExplicitPartitions.newBuilder();
        options.topics()
                .forEach(topic ->
                        wanted.addPartitions(ExplicitPartition.newBuilder().setTopic(topic)));
        options.partitions()
                .forEach((partition, start) -> wanted.addPartitions(ExplicitPartition.newBuilder()
                        .setTopic(partition.topic())
                        .setPartition(partition.partition())
                        .setStart(ToProto.start(start))));
        return wanted.build();
    }

    /// Each partition from where it was read to, as long as its topic is the same: in one deleted and created again the
    /// old offsets mean nothing (M4).
    private static ExplicitPartitions onwards(ConsumerOptions options, Collection<PartitionReading> readings) {
        var wanted = ExplicitPartitions.newBuilder();
        for (var reading : readings) {
            var start = reading.isStartUnknown()
                    ? options.partitions().getOrDefault(reading.partition(), options.start())
                    : StartAt.offset(reading.position());
            var partition = ExplicitPartition.newBuilder()
                    .setTopic(reading.partition().topic())
                    .setTopicId(reading.topicId())
                    .setPartition(reading.partition().partition())
                    .setStart(ToProto.start(start));
            reading.lastLeaderEpoch().ifPresent(partition::setLastLeaderEpoch);
            wanted.addPartitions(partition);
        }
        return wanted.build();
    }
}
