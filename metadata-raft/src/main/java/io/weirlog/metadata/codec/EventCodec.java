package io.weirlog.metadata.codec;

import io.weirlog.common.InvariantViolation;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.Election;
import io.weirlog.metadata.core.ElectionReason;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.storage.v1.BrokerUnregisteredEventRecord;
import io.weirlog.storage.v1.ControllerUnregisteredEventRecord;
import io.weirlog.storage.v1.ElectionRecord;
import io.weirlog.storage.v1.EventRecord;
import io.weirlog.storage.v1.FeatureLevelFinalizedEventRecord;
import io.weirlog.storage.v1.PartitionChangedEventRecord;
import io.weirlog.storage.v1.PartitionsCreatedEventRecord;
import io.weirlog.storage.v1.ProducerIdsAllocatedEventRecord;
import io.weirlog.storage.v1.TopicConfigsChangedEventRecord;
import io.weirlog.storage.v1.TopicDeletedEventRecord;
import java.util.ArrayList;
import java.util.Optional;

/// Changes of the metadata as those who follow them get them: `EventRecord` of `weirlog.storage.v1`.
public final class EventCodec {
    private static final String REASON_PREFIX = "ELECTION_REASON_";

    private EventCodec() {}

    public static EventRecord record(MetadataEvent event) {
        var record = EventRecord.newBuilder();
        switch (event) {
            case MetadataEvent.TopicCreated(var topic) -> record.setTopicCreated(ImageCodec.record(topic));
            case MetadataEvent.TopicDeleted(var id, var name) ->
                record.setTopicDeleted(TopicDeletedEventRecord.newBuilder()
                        .setTopicId(Fields.bytes(id.value()))
                        .setName(name));
            case MetadataEvent.PartitionsCreated created -> record.setPartitionsCreated(encoded(created));
            case MetadataEvent.TopicConfigsChanged(var id, var topic, var configs) ->
                record.setTopicConfigsChanged(TopicConfigsChangedEventRecord.newBuilder()
                        .setTopicId(Fields.bytes(id.value()))
                        .setTopic(topic)
                        .addAllConfigs(Fields.configs(configs)));
            case MetadataEvent.ControllerRegistered(var controller) ->
                record.setControllerRegistered(ImageCodec.record(controller));
            case MetadataEvent.ControllerUnregistered(var id) ->
                record.setControllerUnregistered(
                        ControllerUnregisteredEventRecord.newBuilder().setControllerId(id.value()));
            case MetadataEvent.FeatureLevelFinalized(var level) ->
                record.setFeatureLevelFinalized(
                        FeatureLevelFinalizedEventRecord.newBuilder().setLevel(level));
            case MetadataEvent.BrokerRegistered(var broker) -> record.setBrokerRegistered(ImageCodec.record(broker));
            case MetadataEvent.BrokerChanged(var broker) -> record.setBrokerChanged(ImageCodec.record(broker));
            case MetadataEvent.BrokerUnregistered(var id) ->
                record.setBrokerUnregistered(
                        BrokerUnregisteredEventRecord.newBuilder().setBrokerId(id.value()));
            case MetadataEvent.ProducerIdsAllocated(var next) ->
                record.setProducerIdsAllocated(
                        ProducerIdsAllocatedEventRecord.newBuilder().setNextProducerId(next));
            case MetadataEvent.PartitionChanged changed -> record.setPartitionChanged(encoded(changed));
        }
        return record.build();
    }

    /// @throws MalformedRecordException if the record contradicts itself or holds an event that this version does
    ///     not know
    public static MetadataEvent event(EventRecord record) throws MalformedRecordException {
        try {
            return decoded(record);
        } catch (InvariantViolation e) {
            throw new MalformedRecordException("a metadata event that contradicts itself", e);
        }
    }

    private static MetadataEvent decoded(EventRecord record) throws MalformedRecordException {
        return switch (record.getEventCase()) {
            case TOPIC_CREATED -> new MetadataEvent.TopicCreated(ImageCodec.image(record.getTopicCreated()));
            case TOPIC_DELETED ->
                new MetadataEvent.TopicDeleted(
                        Fields.topicId(record.getTopicDeleted().getTopicId()),
                        record.getTopicDeleted().getName());
            case BROKER_REGISTERED ->
                new MetadataEvent.BrokerRegistered(ImageCodec.image(record.getBrokerRegistered()));
            case BROKER_CHANGED -> new MetadataEvent.BrokerChanged(ImageCodec.image(record.getBrokerChanged()));
            case BROKER_UNREGISTERED ->
                new MetadataEvent.BrokerUnregistered(
                        Fields.brokerId(record.getBrokerUnregistered().getBrokerId()));
            case PRODUCER_IDS_ALLOCATED ->
                new MetadataEvent.ProducerIdsAllocated(
                        record.getProducerIdsAllocated().getNextProducerId());
            case PARTITION_CHANGED -> decoded(record.getPartitionChanged());
            case PARTITIONS_CREATED -> decoded(record.getPartitionsCreated());
            case TOPIC_CONFIGS_CHANGED ->
                new MetadataEvent.TopicConfigsChanged(
                        Fields.topicId(record.getTopicConfigsChanged().getTopicId()),
                        record.getTopicConfigsChanged().getTopic(),
                        Fields.configs(record.getTopicConfigsChanged().getConfigsList()));
            case CONTROLLER_REGISTERED ->
                new MetadataEvent.ControllerRegistered(ImageCodec.image(record.getControllerRegistered()));
            case CONTROLLER_UNREGISTERED ->
                new MetadataEvent.ControllerUnregistered(
                        Fields.brokerId(record.getControllerUnregistered().getControllerId()));
            case FEATURE_LEVEL_FINALIZED ->
                new MetadataEvent.FeatureLevelFinalized(
                        record.getFeatureLevelFinalized().getLevel());
            case EVENT_NOT_SET -> throw new MalformedRecordException("no known metadata event");
        };
    }

    private static PartitionsCreatedEventRecord encoded(MetadataEvent.PartitionsCreated created) {
        var record = PartitionsCreatedEventRecord.newBuilder()
                .setTopicId(Fields.bytes(created.topicId().value()))
                .setTopic(created.topic())
                .setFirstPartition(
                        created.added().isEmpty()
                                ? 0
                                : created.added().getFirst().partition());
        created.added().forEach(partition -> record.addAdded(ImageCodec.record(partition)));
        return record.build();
    }

    private static MetadataEvent decoded(PartitionsCreatedEventRecord record) throws MalformedRecordException {
        var added = new ArrayList<PartitionImage>(record.getAddedCount());
        for (var partition : record.getAddedList()) {
            var id = Fields.partition(record.getTopicId(), record.getFirstPartition() + added.size());
            added.add(ImageCodec.image(id.partition(), partition));
        }
        return new MetadataEvent.PartitionsCreated(Fields.topicId(record.getTopicId()), record.getTopic(), added);
    }

    private static PartitionChangedEventRecord encoded(MetadataEvent.PartitionChanged changed) {
        var record = PartitionChangedEventRecord.newBuilder()
                .setTopicId(Fields.bytes(changed.topicId().value()))
                .setTopic(changed.topic())
                .setPartition(changed.partition().partition())
                .setImage(ImageCodec.record(changed.partition()));
        changed.election()
                .ifPresent(election -> record.setElection(ElectionRecord.newBuilder()
                        .setReason(io.weirlog.storage.v1.ElectionReason.valueOf(
                                REASON_PREFIX + election.reason().name()))
                        .setClean(election.clean())));
        return record.build();
    }

    private static MetadataEvent decoded(PartitionChangedEventRecord record) throws MalformedRecordException {
        var id = Fields.partition(record.getTopicId(), record.getPartition());
        return new MetadataEvent.PartitionChanged(
                id.topicId(),
                record.getTopic(),
                ImageCodec.image(id.partition(), record.getImage()),
                record.hasElection() ? Optional.of(decoded(record.getElection())) : Optional.empty());
    }

    private static Election decoded(ElectionRecord record) throws MalformedRecordException {
        return switch (record.getReason()) {
            case ELECTION_REASON_UNSPECIFIED, UNRECOGNIZED ->
                throw new MalformedRecordException("an unknown reason of an election");
            default ->
                new Election(
                        ElectionReason.valueOf(record.getReason().name().substring(REASON_PREFIX.length())),
                        record.getClean());
        };
    }
}
