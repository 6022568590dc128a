package io.weirlog.metadata.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataCommand.AllocateProducerIds;
import io.weirlog.metadata.core.MetadataCommand.AlterIsr;
import io.weirlog.metadata.core.MetadataCommand.AlterReassignments;
import io.weirlog.metadata.core.MetadataCommand.AlterTopicConfigs;
import io.weirlog.metadata.core.MetadataCommand.CheckState;
import io.weirlog.metadata.core.MetadataCommand.CreatePartitions;
import io.weirlog.metadata.core.MetadataCommand.CreateTopic;
import io.weirlog.metadata.core.MetadataCommand.CreateTopics;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopic;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopics;
import io.weirlog.metadata.core.MetadataCommand.DrainBroker;
import io.weirlog.metadata.core.MetadataCommand.ElectLeaders;
import io.weirlog.metadata.core.MetadataCommand.FenceBroker;
import io.weirlog.metadata.core.MetadataCommand.FinalizeFeatureLevel;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import io.weirlog.metadata.core.MetadataCommand.RegisterController;
import io.weirlog.metadata.core.MetadataCommand.UnfenceBroker;
import io.weirlog.metadata.core.MetadataCommand.UnregisterBroker;
import io.weirlog.metadata.core.MetadataCommand.UnregisterController;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.storage.v1.BrokerLifeRecord;
import io.weirlog.storage.v1.CommandRecord;
import io.weirlog.storage.v1.FinalizeFeatureLevelRecord;
import java.nio.ByteBuffer;

/// Commands as entries of the log: `CommandRecord` of `weirlog.storage.v1`.
public final class CommandCodec {
    private CommandCodec() {}

    public static byte[] encode(MetadataCommand command) {
        var record = CommandRecord.newBuilder()
                .setRequestId(Fields.bytes(command.requestId().value()));
        switch (command) {
            case RegisterBroker register -> record.setRegisterBroker(NodeCodec.encoded(register));
            case FenceBroker fence -> record.setFenceBroker(life(fence.brokerId(), fence.epoch()));
            case UnfenceBroker unfence -> record.setUnfenceBroker(life(unfence.brokerId(), unfence.epoch()));
            case DrainBroker drain -> record.setDrainBroker(life(drain.brokerId(), drain.epoch()));
            case UnregisterBroker unregister ->
                record.setUnregisterBroker(life(unregister.brokerId(), unregister.epoch()));
            case AlterIsr alter -> record.setAlterIsr(IsrCodec.encoded(alter));
            case ElectLeaders elect -> record.setElectLeaders(PlacementCodec.encoded(elect));
            case AlterReassignments alter -> record.setAlterReassignments(PlacementCodec.encoded(alter));
            case AllocateProducerIds allocate ->
                record.setAllocateProducerIds(life(allocate.brokerId(), allocate.epoch()));
            case CreateTopic create -> record.setCreateTopic(TopicCodec.encoded(create.topic()));
            case DeleteTopic delete -> record.setDeleteTopic(TopicCodec.encoded(delete.topic()));
            case CreateTopics create -> record.setCreateTopics(TopicCodec.encoded(create));
            case DeleteTopics delete -> record.setDeleteTopics(TopicCodec.encoded(delete));
            case CreatePartitions create -> record.setCreatePartitions(TopicCodec.encoded(create));
            case AlterTopicConfigs alter -> record.setAlterTopicConfigs(TopicCodec.encoded(alter));
            case RegisterController register -> record.setRegisterController(NodeCodec.encoded(register));
            case UnregisterController unregister -> record.setUnregisterController(NodeCodec.encoded(unregister));
            case FinalizeFeatureLevel level ->
                record.setFinalizeFeatureLevel(
                        FinalizeFeatureLevelRecord.newBuilder().setLevel(level.level()));
            case CheckState check -> record.setCheckState(NodeCodec.encoded(check));
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
            case REGISTER_BROKER -> NodeCodec.decoded(requestId, record.getRegisterBroker());
            case FENCE_BROKER -> life(requestId, record.getFenceBroker(), FenceBroker::new);
            case UNFENCE_BROKER -> life(requestId, record.getUnfenceBroker(), UnfenceBroker::new);
            case DRAIN_BROKER -> life(requestId, record.getDrainBroker(), DrainBroker::new);
            case UNREGISTER_BROKER -> life(requestId, record.getUnregisterBroker(), UnregisterBroker::new);
            case ALTER_ISR -> IsrCodec.decoded(requestId, record.getAlterIsr());
            case ELECT_LEADERS -> PlacementCodec.decoded(requestId, record.getElectLeaders());
            case ALTER_REASSIGNMENTS -> PlacementCodec.decoded(requestId, record.getAlterReassignments());
            case ALLOCATE_PRODUCER_IDS -> life(requestId, record.getAllocateProducerIds(), AllocateProducerIds::new);
            case CREATE_TOPIC -> new CreateTopic(requestId, TopicCodec.decoded(record.getCreateTopic()));
            case DELETE_TOPIC -> new DeleteTopic(requestId, TopicCodec.decoded(record.getDeleteTopic()));
            case CREATE_TOPICS -> TopicCodec.decoded(requestId, record.getCreateTopics());
            case DELETE_TOPICS -> TopicCodec.decoded(requestId, record.getDeleteTopics());
            case CREATE_PARTITIONS -> TopicCodec.decoded(requestId, record.getCreatePartitions());
            case ALTER_TOPIC_CONFIGS -> TopicCodec.decoded(requestId, record.getAlterTopicConfigs());
            case REGISTER_CONTROLLER -> NodeCodec.decoded(requestId, record.getRegisterController());
            case UNREGISTER_CONTROLLER -> NodeCodec.decoded(requestId, record.getUnregisterController());
            case FINALIZE_FEATURE_LEVEL ->
                new FinalizeFeatureLevel(
                        requestId, record.getFinalizeFeatureLevel().getLevel());
            case CHECK_STATE -> NodeCodec.decoded(requestId, record.getCheckState());
            case COMMAND_NOT_SET -> throw new MalformedRecordException("no known metadata command");
        };
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
}
