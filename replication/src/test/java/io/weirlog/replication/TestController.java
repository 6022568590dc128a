package io.weirlog.replication;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogConfig;
import io.weirlog.replication.core.IsrProposal;
import io.weirlog.replication.core.PartitionMetadata;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The metadata of one partition, as a controller keeps them: changes of the in-sync set are compare-and-set.
final class TestController implements IsrController {
    private final TopicPartition id;
    private final LogConfig config;
    private final Consumer<PartitionAssignment> publish;
    private PartitionAssignment current;

    /// @param publish brings a new assignment to all brokers
    TestController(
            TopicPartition id,
            LogConfig config,
            List<BrokerId> replicas,
            int inSyncMin,
            Consumer<PartitionAssignment> publish) {
        this.id = id;
        this.config = config;
        this.publish = publish;
        this.current = assignment(
                Optional.of(replicas.getFirst()),
                new PartitionMetadata(
                        new LeaderEpoch(0), 0, replicas, replicas, inSyncMin, standings(replicas, Optional.empty())));
    }

    private static Map<BrokerId, PartitionMetadata.Standing> standings(
            List<BrokerId> replicas, Optional<BrokerId> fenced) {
        return replicas.stream()
                .collect(Collectors.toMap(
                        Function.identity(),
                        broker -> new PartitionMetadata.Standing(
                                new BrokerEpoch(1), !fenced.equals(Optional.of(broker)))));
    }

    private PartitionAssignment assignment(Optional<BrokerId> leader, PartitionMetadata metadata) {
        return new PartitionAssignment(id, "orders", leader, metadata, config);
    }

    synchronized PartitionAssignment current() {
        return current;
    }

    synchronized void publish() {
        publish.accept(current);
    }

    /// Makes a live in-sync replica the leader, because the former one is gone.
    synchronized void elect(BrokerId leader) {
        var before = current.metadata();
        var gone = current.leader();
        var inSync = before.inSync().stream()
                .filter(replica -> !gone.equals(Optional.of(replica)))
                .toList();
        current = assignment(
                Optional.of(leader),
                new PartitionMetadata(
                        before.leaderEpoch().next(),
                        before.partitionEpoch() + 1,
                        before.replicas(),
                        inSync,
                        before.inSyncMin(),
                        standings(before.replicas(), gone)));
        publish();
    }

    /// The broker may join again.
    synchronized void unfence() {
        var before = current.metadata();
        current = assignment(
                current.leader(),
                new PartitionMetadata(
                        before.leaderEpoch(),
                        before.partitionEpoch() + 1,
                        before.replicas(),
                        before.inSync(),
                        before.inSyncMin(),
                        standings(before.replicas(), Optional.empty())));
        publish();
    }

    @Override
    public synchronized CompletableFuture<List<Outcome>> alter(List<Change> changes) {
        var outcomes = changes.stream().map(change -> alter(change.proposal())).toList();
        publish();
        return CompletableFuture.completedFuture(outcomes);
    }

    private Outcome alter(IsrProposal proposal) {
        var before = current.metadata();
        if (!proposal.leaderEpoch().equals(before.leaderEpoch())
                || proposal.partitionEpoch() != before.partitionEpoch()) {
            return new Outcome.Refused(true);
        }
        var inSync = proposal.inSync().stream().map(IsrProposal.Member::id).toList();
        // A leader that leaves hands over.
        boolean stays = current.leader().filter(inSync::contains).isPresent();
        var epoch = stays ? before.leaderEpoch() : before.leaderEpoch().next();
        current = assignment(
                stays ? current.leader() : inSync.stream().findFirst(),
                new PartitionMetadata(
                        epoch,
                        before.partitionEpoch() + 1,
                        before.replicas(),
                        inSync,
                        before.inSyncMin(),
                        before.brokers()));
        return new Outcome.Altered(epoch, before.partitionEpoch() + 1);
    }
}
