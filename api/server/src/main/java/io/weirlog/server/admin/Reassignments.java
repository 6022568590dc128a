package io.weirlog.server.admin;

import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.PartitionLog;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.ReassignmentPlan;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.DescribeReplicasRequest;
import io.weirlog.v1.DescribeReplicasResponse;
import io.weirlog.v1.ListReassignmentsResponse;
import io.weirlog.v1.LocalReplica;
import io.weirlog.v1.PartitionReassignment;
import io.weirlog.v1.PartitionRef;
import io.weirlog.v1.PlanReassignmentRequest;
import io.weirlog.v1.PlanReassignmentResponse;
import io.weirlog.v1.PlannedMove;
import io.weirlog.v1.Problem;
import io.weirlog.v1.Replicas;
import io.weirlog.wire.Problems;
import java.util.List;

/// Moves of partitions: where they could go, which are under way, and how much of them there is on this broker.
final class Reassignments {
    private static final int REPLICAS_PER_REQUEST_MAX = 1_000;

    private final TopicLookup topics;
    private final Partitions partitions;

    Reassignments(TopicLookup topics, Partitions partitions) {
        this.topics = topics;
        this.partitions = partitions;
    }

    ListReassignmentsResponse list() {
        var image = topics.image();
        var answer = ListReassignmentsResponse.newBuilder().setMetadataIndex(image.index());
        for (var topic : image.topics()) {
            for (var partition : topic.partitions()) {
                if (partition.reassignment().isPresent()) {
                    answer.addReassignments(PartitionReassignment.newBuilder()
                            .setTopic(topic.name())
                            .setPartition(partition.partition())
                            .addAllReplicas(TopicChanges.numbers(partition.replicas()))
                            .addAllAddingReplicas(TopicChanges.numbers(partition.addingReplicas()))
                            .addAllRemovingReplicas(TopicChanges.numbers(partition.removingReplicas())));
                }
            }
        }
        return answer.build();
    }

    void plan(PlanReassignmentRequest request, StreamObserver<PlanReassignmentResponse> response) {
        var image = topics.image();
        switch (request.getSubjectCase()) {
            case TOPIC -> {
                var spread = request.getTopic();
                var topic = image.topic(spread.getName());
                if (topic.isEmpty()) {
                    fail(response, ServerProblems.unknownTopic(spread.getName()));
                } else if (spread.getBrokerIdsList().stream().anyMatch(id -> id < 0)) {
                    fail(response, ServerProblems.invalidRequest("`broker_ids` are not negative"));
                } else {
                    var brokers = spread.getBrokerIdsList().stream()
                            .distinct()
                            .map(BrokerId::new)
                            .toList();
                    answer(image.planSpread(topic.get(), brokers), spread.getName(), image.index(), response);
                }
            }
            case EVACUATED_BROKER_ID -> {
                int broker = request.getEvacuatedBrokerId();
                if (broker < 0 || image.broker(new BrokerId(broker)).isEmpty()) {
                    fail(response, ServerProblems.unknownBroker(broker));
                } else {
                    answer(image.planEvacuation(new BrokerId(broker)), "", image.index(), response);
                }
            }
            case SUBJECT_NOT_SET ->
                fail(response, ServerProblems.invalidRequest("name a `topic` or an `evacuated_broker_id`"));
        }
    }

    private static void answer(
            ReassignmentPlan plan, String topic, long index, StreamObserver<PlanReassignmentResponse> response) {
        switch (plan) {
            case ReassignmentPlan.Refused(var reason, var message) ->
                fail(response, Rejections.problem(new MetadataReply.Rejected(reason, message), topic));
            case ReassignmentPlan.Planned(var moves) -> {
                var answer = PlanReassignmentResponse.newBuilder().setMetadataIndex(index);
                moves.forEach(move -> answer.addMoves(PlannedMove.newBuilder()
                        .setTopic(move.topic())
                        .setPartition(move.partition().partition())
                        .setCurrent(replicas(move.current()))
                        .setTarget(replicas(move.target()))));
                response.onNext(answer.build());
                response.onCompleted();
            }
        }
    }

    private static Replicas replicas(List<BrokerId> brokers) {
        return Replicas.newBuilder()
                .addAllBrokerIds(TopicChanges.numbers(brokers))
                .build();
    }

    void describeReplicas(DescribeReplicasRequest request, StreamObserver<DescribeReplicasResponse> response) {
        if (request.getPartitionsCount() > REPLICAS_PER_REQUEST_MAX) {
            fail(
                    response,
                    ServerProblems.invalidRequest("at most " + REPLICAS_PER_REQUEST_MAX + " `partitions` at once"));
            return;
        }
        var answer =
                DescribeReplicasResponse.newBuilder().setBrokerId(topics.self().value());
        partitions.reassignmentBytesPerSecond().ifPresent(answer::setReassignmentBytesPerSecond);
        for (var partition : request.getPartitionsList()) {
            topics.image()
                    .topic(partition.getTopic())
                    .filter(_ -> partition.getPartition() >= 0)
                    .flatMap(topic -> partitions.view(new TopicPartition(topic.id(), partition.getPartition())))
                    .ifPresent(view -> describe(answer, partition, view));
        }
        response.onNext(answer.build());
        response.onCompleted();
    }

    private static void describe(DescribeReplicasResponse.Builder answer, PartitionRef partition, PartitionView view) {
        var replica = LocalReplica.newBuilder().setTopic(partition.getTopic()).setPartition(partition.getPartition());
        switch (view) {
            case PartitionView.Leading leading ->
                answer.addReplicas(describe(replica, leading.log(), leading.highWatermark())
                        .setLeading(true));
            case PartitionView.Following following ->
                answer.addReplicas(describe(replica, following.log(), following.highWatermark()));
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> {}
        }
    }

    private static LocalReplica.Builder describe(LocalReplica.Builder replica, PartitionLog log, Offset highWatermark) {
        return replica.setLogStartOffset(log.logStartOffset().value())
                .setHighWatermark(highWatermark.value())
                .setLogEndOffset(log.logEndOffset().value())
                .setSizeBytes(log.sizeBytes());
    }

    private static void fail(StreamObserver<?> response, Problem problem) {
        response.onError(Problems.toStatus(problem));
    }
}
