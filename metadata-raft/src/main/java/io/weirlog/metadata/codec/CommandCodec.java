package io.weirlog.metadata.codec;

import com.google.protobuf.InvalidProtocolBufferException;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataCommand.CreateTopic;
import io.weirlog.metadata.core.MetadataCommand.DeleteTopic;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.TopicRef;
import io.weirlog.storage.v1.CommandRecord;
import io.weirlog.storage.v1.CreateTopicRecord;
import io.weirlog.storage.v1.DeleteTopicRecord;
import io.weirlog.storage.v1.RegisterBrokerRecord;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Commands as entries of the log: `CommandRecord` of `weirlog.storage.v1`.
public final class CommandCodec {
    private CommandCodec() {}

    public static byte[] encode(MetadataCommand command) {
        var record = CommandRecord.newBuilder()
                .setRequestId(Fields.bytes(command.requestId().value()));
        switch (command) {
            case RegisterBroker register -> record.setRegisterBroker(encoded(register));
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
        return record.build();
    }

    private static MetadataCommand decoded(RequestId requestId, RegisterBrokerRecord record)
            throws MalformedRecordException {
        if (record.getBrokerId() < 0) {
            throw new MalformedRecordException("a broker id beyond the range of ids");
        }
        return new RegisterBroker(
                requestId,
                new BrokerId(record.getBrokerId()),
                Fields.uuid(record.getIncarnation()),
                record.hasRack() ? Optional.of(record.getRack()) : Optional.empty(),
                Fields.endpoints(record.getEndpointsList()),
                record.getFenced());
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
