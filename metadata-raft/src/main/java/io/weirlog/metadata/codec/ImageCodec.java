package io.weirlog.metadata.codec;

import io.weirlog.common.BrokerId;
import io.weirlog.common.InvariantViolation;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.ControllerImage;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.Reassignment;
import io.weirlog.metadata.TopicImage;
import io.weirlog.storage.v1.BrokerRecord;
import io.weirlog.storage.v1.ControllerRecord;
import io.weirlog.storage.v1.PartitionRecord;
import io.weirlog.storage.v1.ReassignmentRecord;
import io.weirlog.storage.v1.TopicRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The parts of the state, as snapshots and events hold them.
final class ImageCodec {
    private ImageCodec() {}

    static BrokerRecord record(BrokerImage broker) {
        var record = BrokerRecord.newBuilder()
                .setBrokerId(broker.id().value())
                .setBrokerEpoch(broker.epoch().value())
                .setIncarnation(Fields.bytes(broker.incarnation()))
                .addAllEndpoints(Fields.endpoints(broker.endpoints()))
                .setFenced(broker.fenced())
                .setDraining(broker.draining())
                .addAllDirectories(Fields.bytes(broker.directories()));
        broker.rack().ifPresent(record::setRack);
        Fields.features(broker.features()).ifPresent(record::setFeatures);
        return record.build();
    }

    static BrokerImage image(BrokerRecord record) throws MalformedRecordException {
        return new BrokerImage(
                Fields.brokerId(record.getBrokerId()),
                Fields.brokerEpoch(record.getBrokerEpoch()),
                record.hasRack() ? Optional.of(record.getRack()) : Optional.empty(),
                Fields.endpoints(record.getEndpointsList()),
                record.getFenced(),
                record.getDraining(),
                Fields.uuid(record.getIncarnation()),
                Fields.uuids(record.getDirectoriesList()),
                Fields.features(record.hasFeatures(), record.getFeatures()));
    }

    static ControllerRecord record(ControllerImage controller) {
        var record = ControllerRecord.newBuilder()
                .setControllerId(controller.id().value())
                .setIncarnation(Fields.bytes(controller.incarnation()))
                .addAllEndpoints(Fields.endpoints(controller.endpoints()));
        Fields.features(controller.features()).ifPresent(record::setFeatures);
        return record.build();
    }

    static ControllerImage image(ControllerRecord record) throws MalformedRecordException {
        return new ControllerImage(
                Fields.brokerId(record.getControllerId()),
                Fields.uuid(record.getIncarnation()),
                Fields.endpoints(record.getEndpointsList()),
                Fields.features(record.hasFeatures(), record.getFeatures()));
    }

    static TopicRecord record(TopicImage topic) {
        var record = TopicRecord.newBuilder()
                .setName(topic.name())
                .setTopicId(Fields.bytes(topic.id().value()))
                .addAllConfigs(Fields.configs(topic.configs()));
        topic.partitions().forEach(partition -> record.addPartitions(record(partition)));
        return record.build();
    }

    static TopicImage image(TopicRecord record) throws MalformedRecordException {
        var partitions = new ArrayList<PartitionImage>(record.getPartitionsCount());
        for (var partition : record.getPartitionsList()) {
            partitions.add(image(partitions.size(), partition));
        }
        if (partitions.isEmpty()) {
            throw new MalformedRecordException("a topic without partitions");
        }
        return new TopicImage(
                record.getName(),
                Fields.topicId(record.getTopicId()),
                partitions,
                Fields.configs(record.getConfigsList()));
    }

    static PartitionRecord record(PartitionImage partition) {
        var record = PartitionRecord.newBuilder()
                .addAllReplicas(Fields.numbers(partition.replicas()))
                .addAllInSyncReplicas(Fields.numbers(partition.inSyncReplicas()))
                .setLeaderEpoch(partition.leaderEpoch().value())
                .setPartitionEpoch(partition.partitionEpoch())
                .addAllEligibleLeaderReplicas(Fields.numbers(partition.eligibleLeaderReplicas()));
        partition.leader().ifPresent(leader -> record.setLeader(leader.value()));
        partition
                .reassignment()
                .ifPresent(move -> record.setReassignment(ReassignmentRecord.newBuilder()
                        .addAllOriginal(Fields.numbers(move.original()))
                        .addAllTarget(Fields.numbers(move.target()))));
        return record.build();
    }

    /// @throws MalformedRecordException if the record's parts contradict each other, too
    static PartitionImage image(int number, PartitionRecord record) throws MalformedRecordException {
        var replicas = Fields.brokers(record.getReplicasList());
        var inSync = Fields.brokers(record.getInSyncReplicasList());
        try {
            return new PartitionImage(
                    number,
                    replicas,
                    // Shared where it can be: there may be 100,000 partitions.
                    inSync.equals(replicas) ? replicas : inSync,
                    record.hasLeader() ? Optional.of(leader(replicas, record.getLeader())) : Optional.empty(),
                    new LeaderEpoch(record.getLeaderEpoch()),
                    record.getPartitionEpoch(),
                    Fields.brokers(record.getEligibleLeaderReplicasList()),
                    record.hasReassignment() ? Optional.of(image(record.getReassignment())) : Optional.empty());
        } catch (InvariantViolation e) {
            throw new MalformedRecordException("a partition that contradicts itself", e);
        }
    }

    /// The very id among the replicas, so that no other is kept.
    private static BrokerId leader(List<BrokerId> replicas, int number) throws MalformedRecordException {
        for (var replica : replicas) {
            if (replica.value() == number) {
                return replica;
            }
        }
        throw new MalformedRecordException("a leader without a replica");
    }

    private static Reassignment image(ReassignmentRecord record) throws MalformedRecordException {
        return new Reassignment(Fields.brokers(record.getOriginalList()), Fields.brokers(record.getTargetList()));
    }
}
