package io.weirlog.metadata.codec;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.IsrResult;
import io.weirlog.metadata.core.MetadataCommand.AlterIsr;
import io.weirlog.metadata.core.MetadataReply.IsrAltered;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.storage.v1.AlterIsrRecord;
import io.weirlog.storage.v1.BrokerLifeRecord;
import io.weirlog.storage.v1.IsrAlteredRecord;
import io.weirlog.storage.v1.IsrChangeRecord;
import io.weirlog.storage.v1.IsrEpochsRecord;
import io.weirlog.storage.v1.IsrRefusal;
import io.weirlog.storage.v1.IsrResultRecord;
import java.util.ArrayList;

/// Changes of in-sync sets, and the answers to them.
final class IsrCodec {
    private static final String REASON_PREFIX = "ISR_REFUSAL_";

    private IsrCodec() {}

    static AlterIsrRecord encoded(AlterIsr command) {
        var record = AlterIsrRecord.newBuilder()
                .setLeader(command.leader().value())
                .setLeaderBrokerEpoch(command.leaderBrokerEpoch().value());
        command.changes().forEach(change -> record.addChanges(encoded(change)));
        return record.build();
    }

    private static IsrChangeRecord encoded(IsrChange change) {
        var record = IsrChangeRecord.newBuilder()
                .setTopicId(Fields.bytes(change.partition().topicId().value()))
                .setPartition(change.partition().partition())
                .setLeaderEpoch(change.leaderEpoch().value())
                .setPartitionEpoch(change.partitionEpoch());
        for (var member : change.inSync()) {
            record.addInSyncReplicas(BrokerLifeRecord.newBuilder()
                    .setBrokerId(member.id().value())
                    .setBrokerEpoch(member.epoch().value()));
        }
        return record.build();
    }

    static AlterIsr decoded(RequestId requestId, AlterIsrRecord record) throws MalformedRecordException {
        var changes = new ArrayList<IsrChange>(record.getChangesCount());
        for (var change : record.getChangesList()) {
            changes.add(decoded(change));
        }
        return new AlterIsr(
                requestId,
                Fields.brokerId(record.getLeader()),
                Fields.brokerEpoch(record.getLeaderBrokerEpoch()),
                changes);
    }

    private static IsrChange decoded(IsrChangeRecord record) throws MalformedRecordException {
        if (record.getLeaderEpoch() < 0) {
            throw new MalformedRecordException("a leader epoch beyond the range of epochs");
        }
        var members = new ArrayList<IsrChange.Member>(record.getInSyncReplicasCount());
        for (var member : record.getInSyncReplicasList()) {
            members.add(new IsrChange.Member(
                    Fields.brokerId(member.getBrokerId()), Fields.brokerEpoch(member.getBrokerEpoch())));
        }
        return new IsrChange(
                Fields.partition(record.getTopicId(), record.getPartition()),
                new LeaderEpoch(record.getLeaderEpoch()),
                record.getPartitionEpoch(),
                members);
    }

    static IsrAlteredRecord encoded(IsrAltered reply) {
        var record = IsrAlteredRecord.newBuilder().setIndex(reply.index());
        for (var result : reply.results()) {
            record.addResults(encoded(result));
        }
        return record.build();
    }

    private static IsrResultRecord encoded(IsrResult result) {
        var record = IsrResultRecord.newBuilder();
        switch (result) {
            case IsrResult.Altered(var leaderEpoch, var partitionEpoch) ->
                record.setAltered(IsrEpochsRecord.newBuilder()
                        .setLeaderEpoch(leaderEpoch.value())
                        .setPartitionEpoch(partitionEpoch));
            case IsrResult.Refused(var reason) -> record.setRefused(IsrRefusal.valueOf(REASON_PREFIX + reason.name()));
        }
        return record.build();
    }

    static IsrAltered decoded(IsrAlteredRecord record) throws MalformedRecordException {
        var results = new ArrayList<IsrResult>(record.getResultsCount());
        for (var result : record.getResultsList()) {
            results.add(decoded(result));
        }
        return new IsrAltered(results, record.getIndex());
    }

    private static IsrResult decoded(IsrResultRecord record) throws MalformedRecordException {
        return switch (record.getResultCase()) {
            case ALTERED ->
                new IsrResult.Altered(
                        new LeaderEpoch(record.getAltered().getLeaderEpoch()),
                        record.getAltered().getPartitionEpoch());
            case REFUSED -> new IsrResult.Refused(reason(record.getRefused()));
            case RESULT_NOT_SET -> throw new MalformedRecordException("no known result of a change of an in-sync set");
        };
    }

    private static IsrResult.Reason reason(IsrRefusal reason) throws MalformedRecordException {
        return switch (reason) {
            case ISR_REFUSAL_UNSPECIFIED, UNRECOGNIZED ->
                throw new MalformedRecordException("an unknown reason of a refusal");
            default -> IsrResult.Reason.valueOf(reason.name().substring(REASON_PREFIX.length()));
        };
    }
}
