package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AlterReassignmentsRequest;
import io.weirlog.v1.DescribeReplicasRequest;
import io.weirlog.v1.ListReassignmentsRequest;
import io.weirlog.v1.PartitionMove;
import io.weirlog.v1.PlanReassignmentRequest;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.SpreadTopic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;

/// Moves partitions to other brokers. The cluster does it and remembers it: whoever has started a move may go away.
/// Every call blocks for at most the client's request timeout and throws a [WeirlogException] if it fails. Thread-safe.
public final class Reassignments {
    private static final int PARTITIONS_PER_REQUEST = 1_000;

    private final UnaryCalls calls;
    private final MetadataCache metadata;
    private final Duration timeout;

    Reassignments(UnaryCalls calls, MetadataCache metadata) {
        this.calls = calls;
        this.metadata = metadata;
        this.timeout = calls.connections().config().requestTimeout();
    }

    /// Where the topic's partitions would go if these brokers were to hold them and no others; those that stay are left
    /// out. Changes nothing.
    ///
    /// @throws WeirlogException `UNKNOWN_TOPIC`, `UNKNOWN_BROKER`, `INVALID_REPLICAS`,
    ///     `INVALID_REPLICATION_FACTOR`, `REASSIGNMENT_IN_PROGRESS`
    public List<ReplicaMove> plan(String topic, Collection<BrokerId> brokers) {
        var spread = SpreadTopic.newBuilder().setName(topic);
        brokers.forEach(broker -> spread.addBrokerIds(broker.value()));
        return plan(PlanReassignmentRequest.newBuilder().setTopic(spread).build());
    }

    /// Where all that a broker keeps would go. Changes nothing.
    ///
    /// @throws WeirlogException `UNKNOWN_BROKER`, `INVALID_REPLICATION_FACTOR`, `REASSIGNMENT_IN_PROGRESS`
    public List<ReplicaMove> planEvacuation(BrokerId broker) {
        return plan(PlanReassignmentRequest.newBuilder()
                .setEvacuatedBrokerId(broker.value())
                .build());
    }

    private List<ReplicaMove> plan(PlanReassignmentRequest request) {
        return calls.call(AdminServiceGrpc.getPlanReassignmentMethod(), request, timeout).getMovesList().stream()
                .map(move -> new ReplicaMove(
                        new PartitionRef(move.getTopic(), move.getPartition()),
                        brokers(move.getCurrent().getBrokerIdsList()),
                        brokers(move.getTarget().getBrokerIdsList())))
                .toList();
    }

    /// Starts moves. Each partition is decided by itself.
    ///
    /// @param targets the brokers that are to hold each partition, the preferred leader first
    /// @return what was refused: `UNKNOWN_TOPIC`, `UNKNOWN_PARTITION`, `UNKNOWN_BROKER`, `INVALID_REPLICAS`,
    ///     `REASSIGNMENT_IN_PROGRESS`, `WOULD_LOSE_RECORDS`
    public Map<PartitionRef, WeirlogException> start(Map<PartitionRef, List<BrokerId>> targets) {
        return alter(
                targets.keySet(),
                partition ->
                        Optional.of(Optional.ofNullable(targets.get(partition)).orElseThrow()));
    }

    /// Calls moves off: the partitions stay where they were.
    ///
    /// @return what was refused: `UNKNOWN_TOPIC`, `UNKNOWN_PARTITION`, `NO_REASSIGNMENT`, `WOULD_LOSE_RECORDS`
    public Map<PartitionRef, WeirlogException> cancel(Collection<PartitionRef> partitions) {
        return alter(partitions, partition -> Optional.empty());
    }

    private Map<PartitionRef, WeirlogException> alter(
            Collection<PartitionRef> partitions, Function<PartitionRef, Optional<List<BrokerId>>> target) {
        var refused = new TreeMap<PartitionRef, WeirlogException>();
        for (var some : parts(partitions)) {
            var request = AlterReassignmentsRequest.newBuilder()
                    .setOnlySettled(true)
                    .setRequestId(ByteString.copyFrom(new TopicId(UUID.randomUUID()).toBytes()));
            for (var partition : some) {
                var move =
                        PartitionMove.newBuilder().setTopic(partition.topic()).setPartition(partition.partition());
                target.apply(partition).ifPresent(brokers -> move.setTarget(replicas(brokers)));
                request.addMoves(move);
            }
            var answer = calls.call(AdminServiceGrpc.getAlterReassignmentsMethod(), request.build(), timeout);
            metadata.saw(answer.getMetadataIndex());
            for (var i = 0; i < some.size(); i++) {
                Problem problem = answer.getResults(i).getProblem();
                if (answer.getResults(i).hasProblem()) {
                    refused.put(some.get(i), WeirlogException.of(problem));
                }
            }
        }
        return refused;
    }

    /// The moves that are under way in the whole cluster.
    public List<OngoingMove> ongoing() {
        var answer = calls.call(
                AdminServiceGrpc.getListReassignmentsMethod(), ListReassignmentsRequest.getDefaultInstance(), timeout);
        return answer.getReassignmentsList().stream()
                .map(move -> new OngoingMove(
                        new PartitionRef(move.getTopic(), move.getPartition()),
                        brokers(move.getReplicasList()),
                        brokers(move.getAddingReplicasList()),
                        brokers(move.getRemovingReplicasList())))
                .toList();
    }

    /// What a broker keeps of these partitions.
    ///
    /// @throws WeirlogException if this broker does not answer
    public LocalReplicas replicas(BrokerDescription broker, Collection<PartitionRef> partitions) {
        var address = Address.parse(broker.address());
        var replicas = new HashMap<PartitionRef, LocalReplicas.LocalReplica>();
        var rate = OptionalLong.empty();
        for (var some : parts(partitions)) {
            var request = DescribeReplicasRequest.newBuilder();
            some.forEach(partition -> request.addPartitions(ToProto.partition(partition)));
            var answer = calls.callAt(address, AdminServiceGrpc.getDescribeReplicasMethod(), request.build(), timeout);
            rate = answer.hasReassignmentBytesPerSecond()
                    ? OptionalLong.of(answer.getReassignmentBytesPerSecond())
                    : OptionalLong.empty();
            answer.getReplicasList()
                    .forEach(replica -> replicas.put(
                            new PartitionRef(replica.getTopic(), replica.getPartition()),
                            new LocalReplicas.LocalReplica(
                                    replica.getLeading(),
                                    replica.getLogStartOffset(),
                                    replica.getLogEndOffset(),
                                    replica.getSizeBytes())));
        }
        return new LocalReplicas(broker.id(), replicas, rate);
    }

    private static List<List<PartitionRef>> parts(Collection<PartitionRef> partitions) {
        var all = List.copyOf(partitions);
        var parts = new ArrayList<List<PartitionRef>>();
        for (var from = 0; from < all.size(); from += PARTITIONS_PER_REQUEST) {
            parts.add(all.subList(from, Math.min(all.size(), from + PARTITIONS_PER_REQUEST)));
        }
        return parts;
    }

    private static Replicas replicas(List<BrokerId> brokers) {
        var replicas = Replicas.newBuilder();
        brokers.forEach(broker -> replicas.addBrokerIds(broker.value()));
        return replicas.build();
    }

    private static List<BrokerId> brokers(List<Integer> ids) {
        return ids.stream().map(BrokerId::new).toList();
    }
}
