package io.weirlog.metadata.codec;

import io.weirlog.metadata.core.MetadataCommand.CheckState;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;
import io.weirlog.metadata.core.MetadataCommand.RegisterController;
import io.weirlog.metadata.core.MetadataCommand.UnregisterController;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.StateHash;
import io.weirlog.storage.v1.CheckStateRecord;
import io.weirlog.storage.v1.ControllerLifeRecord;
import io.weirlog.storage.v1.RegisterBrokerRecord;
import io.weirlog.storage.v1.RegisterControllerRecord;
import io.weirlog.storage.v1.StateHashRecord;
import java.util.Optional;

/// Commands of nodes about themselves.
final class NodeCodec {
    private NodeCodec() {}

    static RegisterBrokerRecord encoded(RegisterBroker command) {
        var record = RegisterBrokerRecord.newBuilder()
                .setBrokerId(command.brokerId().value())
                .setIncarnation(Fields.bytes(command.incarnation()))
                .addAllEndpoints(Fields.endpoints(command.endpoints()))
                .setFenced(command.fenced())
                .addAllDirectories(Fields.bytes(command.directories()));
        command.rack().ifPresent(record::setRack);
        command.cleanlyStopped().ifPresent(epoch -> record.setCleanlyStoppedEpoch(epoch.value()));
        Fields.features(command.features()).ifPresent(record::setFeatures);
        return record.build();
    }

    static RegisterBroker decoded(RequestId requestId, RegisterBrokerRecord record) throws MalformedRecordException {
        return new RegisterBroker(
                requestId,
                Fields.brokerId(record.getBrokerId()),
                Fields.uuid(record.getIncarnation()),
                record.hasRack() ? Optional.of(record.getRack()) : Optional.empty(),
                Fields.endpoints(record.getEndpointsList()),
                record.getFenced(),
                record.hasCleanlyStoppedEpoch()
                        ? Optional.of(Fields.brokerEpoch(record.getCleanlyStoppedEpoch()))
                        : Optional.empty(),
                Fields.uuids(record.getDirectoriesList()),
                Fields.features(record.hasFeatures(), record.getFeatures()));
    }

    static RegisterControllerRecord encoded(RegisterController command) {
        var record = RegisterControllerRecord.newBuilder()
                .setControllerId(command.controllerId().value())
                .setIncarnation(Fields.bytes(command.incarnation()))
                .addAllEndpoints(Fields.endpoints(command.endpoints()));
        Fields.features(command.features()).ifPresent(record::setFeatures);
        return record.build();
    }

    static RegisterController decoded(RequestId requestId, RegisterControllerRecord record)
            throws MalformedRecordException {
        return new RegisterController(
                requestId,
                Fields.brokerId(record.getControllerId()),
                Fields.uuid(record.getIncarnation()),
                Fields.endpoints(record.getEndpointsList()),
                Fields.features(record.hasFeatures(), record.getFeatures()));
    }

    static ControllerLifeRecord encoded(UnregisterController command) {
        return ControllerLifeRecord.newBuilder()
                .setControllerId(command.controllerId().value())
                .setIncarnation(Fields.bytes(command.incarnation()))
                .build();
    }

    static UnregisterController decoded(RequestId requestId, ControllerLifeRecord record)
            throws MalformedRecordException {
        return new UnregisterController(
                requestId, Fields.brokerId(record.getControllerId()), Fields.uuid(record.getIncarnation()));
    }

    static CheckStateRecord encoded(CheckState command) {
        var record = CheckStateRecord.newBuilder();
        command.earlier()
                .ifPresent(earlier -> record.setEarlier(
                        StateHashRecord.newBuilder().setIndex(earlier.index()).setHash(earlier.hash())));
        return record.build();
    }

    static CheckState decoded(RequestId requestId, CheckStateRecord record) {
        return new CheckState(
                requestId,
                record.hasEarlier()
                        ? Optional.of(new StateHash(
                                record.getEarlier().getIndex(),
                                record.getEarlier().getHash()))
                        : Optional.empty());
    }
}
