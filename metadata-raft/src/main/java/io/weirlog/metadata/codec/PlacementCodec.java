package io.weirlog.metadata.codec;

import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.core.ElectionKind;
import io.weirlog.metadata.core.MetadataCommand.AlterReassignments;
import io.weirlog.metadata.core.MetadataCommand.ElectLeaders;
import io.weirlog.metadata.core.ReplicaMove;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.storage.v1.AlterReassignmentsRecord;
import io.weirlog.storage.v1.ElectLeadersRecord;
import io.weirlog.storage.v1.PartitionRefRecord;
import io.weirlog.storage.v1.ReplicaMoveRecord;
import java.util.ArrayList;
import java.util.Optional;

/// Commands about who holds and who leads partitions.
final class PlacementCodec {
    private PlacementCodec() {}

    static ElectLeadersRecord encoded(ElectLeaders command) {
        var record = ElectLeadersRecord.newBuilder()
                .setUnclean(
                        switch (command.kind()) {
                            case PREFERRED -> false;
                            case UNCLEAN -> true;
                        });
        for (var partition : command.partitions()) {
            record.addPartitions(PartitionRefRecord.newBuilder()
                    .setTopicId(Fields.bytes(partition.topicId().value()))
                    .setPartition(partition.partition()));
        }
        return record.build();
    }

    static ElectLeaders decoded(RequestId requestId, ElectLeadersRecord record) throws MalformedRecordException {
        var partitions = new ArrayList<TopicPartition>(record.getPartitionsCount());
        for (var partition : record.getPartitionsList()) {
            partitions.add(Fields.partition(partition.getTopicId(), partition.getPartition()));
        }
        return new ElectLeaders(
                requestId, record.getUnclean() ? ElectionKind.UNCLEAN : ElectionKind.PREFERRED, partitions);
    }

    static AlterReassignmentsRecord encoded(AlterReassignments command) {
        var record = AlterReassignmentsRecord.newBuilder().setOnlySettled(command.onlySettled());
        for (var move : command.moves()) {
            var item = ReplicaMoveRecord.newBuilder()
                    .setTopicId(Fields.bytes(move.partition().topicId().value()))
                    .setPartition(move.partition().partition());
            move.target().ifPresent(target -> item.setTarget(TopicCodec.replicas(target)));
            record.addMoves(item);
        }
        return record.build();
    }

    static AlterReassignments decoded(RequestId requestId, AlterReassignmentsRecord record)
            throws MalformedRecordException {
        var moves = new ArrayList<ReplicaMove>(record.getMovesCount());
        for (var move : record.getMovesList()) {
            moves.add(new ReplicaMove(
                    Fields.partition(move.getTopicId(), move.getPartition()),
                    move.hasTarget()
                            ? Optional.of(Fields.brokers(move.getTarget().getReplicasList()))
                            : Optional.empty()));
        }
        return new AlterReassignments(requestId, moves, record.getOnlySettled());
    }
}
