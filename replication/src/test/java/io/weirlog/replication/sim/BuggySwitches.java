package io.weirlog.replication.sim;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ProducerVerdict;
import io.weirlog.metadata.PartitionImage;
import io.weirlog.metadata.core.ElectionReason;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.record.RecordBatch;
import io.weirlog.replication.core.Bug;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Hosts with one known bug put back.
final class BuggySwitches extends SimSwitches {
    private final Bug bug;
    /// Batches that leaders have appended, by log.
    private final IdentityHashMap<PartitionLog, Map<String, ProducerVerdict.Duplicate>> appended =
            new IdentityHashMap<>();

    BuggySwitches(Bug bug) {
        this.bug = bug;
    }

    @Override
    protected void beginEpoch(PartitionLog log, LeaderEpoch epoch) throws IOException {
        if (bug != Bug.EPOCH_NOT_PERSISTED) {
            super.beginEpoch(log, epoch);
        }
    }

    @Override
    protected ProducerVerdict judge(PartitionLog log, ByteBuffer batch) {
        var end = log.logEndOffset();
        var verdict = super.judge(log, batch);
        var header = RecordBatch.of(batch);
        if (bug != Bug.PRODUCERS_NOT_CUT || !(verdict instanceof ProducerVerdict.Accepted) || !header.hasProducer()) {
            return verdict;
        }
        var last = end.plus(header.lastOffsetDelta());
        var before = appended.computeIfAbsent(log, first -> new HashMap<>())
                .putIfAbsent(
                        header.producerId() + "/" + header.baseSequence(),
                        new ProducerVerdict.Duplicate(end, last, header.maxTimestamp()));
        return before == null ? verdict : before;
    }

    @Override
    protected boolean isSafe(boolean repeated, boolean belowWatermark) {
        return (bug == Bug.REPEATED_BATCH_TAKEN_FOR_SAFE && repeated) || super.isSafe(repeated, belowWatermark);
    }

    @Override
    protected boolean mayTakeRoles(long imageIndex, BrokerEpoch registration) {
        return bug == Bug.ROLES_OF_FORMER_LIFE || super.mayTakeRoles(imageIndex, registration);
    }

    @Override
    protected Optional<BrokerEpoch> cleanlyStopped(Optional<BrokerEpoch> noted, Optional<BrokerEpoch> former) {
        return bug == Bug.UNCLEAN_TAKEN_FOR_CLEAN ? former : super.cleanlyStopped(noted, former);
    }

    @Override
    protected UUID directoryOfWipedDisk(UUID before, UUID fresh) {
        return bug == Bug.WIPED_DISK_KEEPS_IDENTITY ? before : super.directoryOfWipedDisk(before, fresh);
    }

    /// Only where the leader goes on: elsewhere the epoch rises because of that.
    @Override
    protected MetadataEvent decided(MetadataEvent event, MetadataState before) {
        if (bug != Bug.LET_GO_WITHIN_EPOCH
                || !(event instanceof MetadataEvent.PartitionChanged(var id, var name, var after, var election))
                || election.filter(one -> one.reason() == ElectionReason.REASSIGNED)
                        .isEmpty()) {
            return event;
        }
        var former = before.topics().byId(id).orElseThrow().partitions().get(after.partition());
        if (!former.leader().equals(after.leader())) {
            return event;
        }
        var image = new PartitionImage(
                after.partition(),
                after.replicas(),
                after.inSyncReplicas(),
                after.leader(),
                former.leaderEpoch(),
                after.partitionEpoch(),
                after.eligibleLeaderReplicas(),
                after.reassignment());
        return new MetadataEvent.PartitionChanged(id, name, image, Optional.empty());
    }

    @Override
    protected MetadataCommand applied(MetadataCommand command, MetadataState state) {
        if (bug != Bug.NO_COMPARE_AND_SET || !(command instanceof MetadataCommand.AlterIsr alter)) {
            return command;
        }
        var changes = new ArrayList<IsrChange>();
        for (var change : alter.changes()) {
            var now = state.topics()
                    .byId(change.partition().topicId())
                    .flatMap(topic -> topic.partition(change.partition().partition()))
                    .orElseThrow();
            changes.add(new IsrChange(change.partition(), change.leaderEpoch(), now.partitionEpoch(), change.inSync()));
        }
        return new MetadataCommand.AlterIsr(alter.requestId(), alter.leader(), alter.leaderBrokerEpoch(), changes);
    }
}
