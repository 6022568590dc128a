package io.weirlog.metadata.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataCommand.AllocateProducerIds;
import io.weirlog.metadata.core.MetadataCommand.AlterIsr;
import io.weirlog.metadata.core.MetadataCommand.CreateTopic;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopic;
import io.weirlog.metadata.core.MetadataCommand.DrainBroker;
import io.weirlog.metadata.core.MetadataCommand.ElectPreferredLeaders;
import io.weirlog.metadata.core.MetadataCommand.FenceBroker;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import io.weirlog.metadata.core.MetadataCommand.UnfenceBroker;
import io.weirlog.metadata.core.MetadataCommand.UnregisterBroker;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.TopicRef;
import io.weirlog.storage.v1.BrokerLifeRecord;
import io.weirlog.storage.v1.CommandRecord;
import io.weirlog.storage.v1.CreateTopicRecord;
import io.weirlog.storage.v1.DeleteTopicRecord;
import io.weirlog.storage.v1.PartitionRefRecord;
import io.weirlog.storage.v1.PartitionsRecord;
import io.weirlog.storage.v1.RegisterBrokerRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Optional;

/// Commands as entries of the log: `CommandRecord` of `weirlog.storage.v1`.
public final class CommandCodec {
    private CommandCodec() {}

    public static byte[] encode(MetadataCommand command) {
        var record = CommandRecord.newBuilder()
                .setRequestId(Fields.bytes(command.requestId().value()));
        switch (command) {
            case RegisterBroker register -> record.setRegisterBroker(encoded(register));
            case FenceBroker fence -> record.setFenceBroker(life(fence.brokerId(), fence.epoch()));
            case UnfenceBroker unfence -> record.setUnfenceBroker(life(unfence.brokerId(), unfence.epoch()));
            case DrainBroker drain -> record.setDrainBroker(life(drain.brokerId(), drain.epoch()));
            case UnregisterBroker unregister ->
                record.setUnregisterBroker(life(unregister.brokerId(), unregister.epoch()));
            case AlterIsr alter -> record.setAlterIsr(IsrCodec.encoded(alter));
            case ElectPreferredLeaders elect -> record.setElectPreferredLeaders(encoded(elect));
            case AllocateProducerIds allocate ->
                record.setAllocateProducerIds(life(allocate.brokerId(), allocate.epoch()));
            case CreateTopic create -> record.setCreateTopic(encoded(create));
            case DeleteTopic delete -> record.setDeleteTopic(encoded(delete));
        }
        return record.build().toByteArray();
    }

    /// @throws MalformedRecordException if the bytes are damaged or hold a command that this version does not
    ///     know
    public static MetadataCommand decode(ByteBuffer bytes) throws MalformedRecordException {
        CommandRecord record;
        try {
            record = CommandRecord.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedRecordException("no metadata command", e);
        }
        var requestId = Fields.requestId(record.getRequestId());
        return switch (record.getCommandCase()) {
            case REGISTER_BROKER -> decoded(requestId, record.getRegisterBroker());
            case FENCE_BROKER -> life(requestId, record.getFenceBroker(), FenceBroker::new);
            case UNFENCE_BROKER -> life(requestId, record.getUnfenceBroker(), UnfenceBroker::new);
            case DRAIN_BROKER -> life(requestId, record.getDrainBroker(), DrainBroker::new);
            case UNREGISTER_BROKER -> life(requestId, record.getUnregisterBroker(), UnregisterBroker::new);
            case ALTER_ISR -> IsrCodec.decoded(requestId, record.getAlterIsr());
            case ELECT_PREFERRED_LEADERS -> decoded(requestId, record.getElectPreferredLeaders());
            case ALLOCATE_PRODUCER_IDS -> life(requestId, record.getAllocateProducerIds(), AllocateProducerIds::new);
            case CREATE_TOPIC -> decoded(requestId, record.getCreateTopic());
            case DELETE_TOPIC -> decoded(requestId, record.getDeleteTopic());
            case COMMAND_NOT_SET -> throw new MalformedRecordException("no known metadata command");
        };
    }

    private static RegisterBrokerRecord encoded(RegisterBroker command) {
        var record = RegisterBrokerRecord.newBuilder()
                .setBrokerId(command.brokerId().value())
                .setIncarnation(Fields.bytes(command.incarnation()))
                .addAllEndpoints(Fields.endpoints(command.endpoints()))
                .setFenced(command.fenced());
        command.rack().ifPresent(record::setRack);
        command.cleanlyStopped().ifPresent(epoch -> record.setCleanlyStoppedEpoch(epoch.value()));
        return record.build();
    }

    private static MetadataCommand decoded(RequestId requestId, RegisterBrokerRecord record)
            throws MalformedRecordException {
        return new RegisterBroker(
                requestId,
                Fields.brokerId(record.getBrokerId()),
                Fields.uuid(record.getIncarnation()),
                record.hasRack() ? Optional.of(record.getRack()) : Optional.empty(),
                Fields.endpoints(record.getEndpointsList()),
                record.getFenced(),
                record.hasCleanlyStoppedEpoch()
                        ? Optional.of(Fields.brokerEpoch(record.getCleanlyStoppedEpoch()))
                        : Optional.empty());
    }

    private static PartitionsRecord encoded(ElectPreferredLeaders command) {
        var record = PartitionsRecord.newBuilder();
        for (var partition : command.partitions()) {
            record.addPartitions(PartitionRefRecord.newBuilder()
                    .setTopicId(Fields.bytes(partition.topicId().value()))
                    .setPartition(partition.partition()));
        }
        return record.build();
    }

    private static MetadataCommand decoded(RequestId requestId, PartitionsRecord record)
            throws MalformedRecordException {
        var partitions = new ArrayList<TopicPartition>(record.getPartitionsCount());
        for (var partition : record.getPartitionsList()) {
            partitions.add(Fields.partition(partition.getTopicId(), partition.getPartition()));
        }
        return new ElectPreferredLeaders(requestId, partitions);
    }

    private static BrokerLifeRecord life(BrokerId id, BrokerEpoch epoch) {
        return BrokerLifeRecord.newBuilder()
                .setBrokerId(id.value())
                .setBrokerEpoch(epoch.value())
                .build();
    }

    @FunctionalInterface
    private interface LifeCommand {
        MetadataCommand of(RequestId requestId, BrokerId id, BrokerEpoch epoch);
    }

    private static MetadataCommand life(RequestId requestId, BrokerLifeRecord record, LifeCommand command)
            throws MalformedRecordException {
        return command.of(
                requestId, Fields.brokerId(record.getBrokerId()), Fields.brokerEpoch(record.getBrokerEpoch()));
    }

    private static CreateTopicRecord encoded(CreateTopic command) {
        return CreateTopicRecord.newBuilder()
                .setName(command.name())
                .setTopicId(Fields.bytes(command.topicId().value()))
                .setPartitions(command.partitions())
                .setReplicationFactor(command.replicationFactor())
                .addAllConfigs(Fields.configs(command.configs()))
                .build();
    }

    private static MetadataCommand decoded(RequestId requestId, CreateTopicRecord record)
            throws MalformedRecordException {
        return new CreateTopic(
                requestId,
                record.getName(),
                Fields.topicId(record.getTopicId()),
                record.getPartitions(),
                record.getReplicationFactor(),
                Fields.configs(record.getConfigsList()));
    }

    private static DeleteTopicRecord encoded(DeleteTopic command) {
        var record = DeleteTopicRecord.newBuilder();
        switch (command.topic()) {
            case TopicRef.ByName(var name) -> record.setName(name);
            case TopicRef.ById(var id) -> record.setTopicId(Fields.bytes(id.value()));
        }
        return record.build();
    }

    private static MetadataCommand decoded(RequestId requestId, DeleteTopicRecord record)
            throws MalformedRecordException {
        return switch (record.getTopicCase()) {
            case NAME -> new DeleteTopic(requestId, record.getName());
            case TOPIC_ID -> new DeleteTopic(requestId, Fields.topicId(record.getTopicId()));
            case TOPIC_NOT_SET -> throw new MalformedRecordException("a deletion of no topic");
        };
    }
}
