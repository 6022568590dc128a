package io.weirlog.server.admin;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.TopicImage;
import io.weirlog.metadata.controller.LeadershipsToMove;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.internal.Controllers;
import io.weirlog.v1.Broker;
import io.weirlog.v1.CheckHealthRequest;
import io.weirlog.v1.CheckHealthResponse;
import io.weirlog.v1.CheckStopRequest;
import io.weirlog.v1.CheckStopResponse;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.ControllerNode;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.DrainBrokerRequest;
import io.weirlog.v1.DrainBrokerResponse;
import io.weirlog.v1.NamedPartition;
import io.weirlog.v1.PartitionLeader;
import io.weirlog.v1.TopicLeaders;
import io.weirlog.v1.UnregisterBrokerRequest;
import io.weirlog.v1.UnregisterBrokerResponse;
import io.weirlog.v1.UpgradeClusterRequest;
import io.weirlog.v1.UpgradeClusterResponse;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongFunction;

/// `weirlog.v1.ClusterService`.
public final class ClusterApi extends ClusterServiceGrpc.ClusterServiceImplBase {
    private static final int TOPICS_MAX = 1000;
    private static final int PARTITIONS_NAMED_MAX = 100;

    private final NodeFacts facts;
    private final TopicLookup topics;
    private final Controllers controllers;
    private final MetadataClient metadata;

    public ClusterApi(NodeFacts facts, TopicLookup topics, Controllers controllers, MetadataClient metadata) {
        this.facts = facts;
        this.topics = topics;
        this.controllers = controllers;
        this.metadata = metadata;
    }

    @Override
    public void describeCluster(DescribeClusterRequest request, StreamObserver<DescribeClusterResponse> response) {
        if (request.getTopicsCount() > TOPICS_MAX) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest(
                    "a request names at most " + TOPICS_MAX + " topics, not " + request.getTopicsCount())));
            return;
        }
        var image = topics.image();
        var answer = DescribeClusterResponse.newBuilder()
                .setClusterId(facts.clusterId())
                .setNodeId(facts.nodeId().value())
                .setVersion(facts.version())
                .setMetadataIndex(image.index())
                .setFeatureLevel(image.featureLevel());
        var counts = ReplicaCounts.of(image);
        image.brokers().forEach(broker -> answer.addBrokers(broker(broker, counts)));
        controllers
                .addresses()
                .forEach((id, address) -> answer.addControllers(
                        ControllerNode.newBuilder().setNodeId(id.value()).setAddress(address.toString())));
        controllers.active().ifPresent(id -> answer.setActiveControllerId(id.value()));
        request.getTopicsList().stream()
                .distinct()
                .flatMap(name -> image.topic(name).stream())
                .map(this::leaders)
                .forEach(answer::addTopics);
        response.onNext(answer.build());
        response.onCompleted();
    }

    private static Broker broker(BrokerImage broker, ReplicaCounts counts) {
        var internal = broker.endpoints().get(io.weirlog.server.Broker.INTERNAL_LISTENER);
        return Broker.newBuilder()
                .setBrokerId(broker.id().value())
                .setAddress(TopicLookup.clientAddress(broker))
                .setRack(broker.rack().orElse(""))
                .setFenced(broker.fenced())
                .setDraining(broker.draining())
                .setBrokerEpoch(broker.epoch().value())
                .setInternalAddress(internal == null ? "" : internal.toString())
                .setLedPartitions(counts.led(broker.id()))
                .setReplicas(counts.replicas(broker.id()))
                .setFeatureLevelMin(broker.features().min())
                .setFeatureLevelMax(broker.features().max())
                .build();
    }

    @Override
    public void checkHealth(CheckHealthRequest request, StreamObserver<CheckHealthResponse> response) {
        var image = topics.image();
        response.onNext(CheckHealthResponse.newBuilder()
                .addAllProblems(
                        ClusterHealth.problems(image, controllers.active().isPresent()))
                .setMetadataIndex(image.index())
                .build());
        response.onCompleted();
    }

    @Override
    public void checkStop(CheckStopRequest request, StreamObserver<CheckStopResponse> response) {
        var image = topics.image();
        var broker = find(image, request.getBrokerId());
        if (broker.isEmpty()) {
            response.onError(Problems.toStatus(ServerProblems.unknownBroker(request.getBrokerId())));
            return;
        }
        var check = image.canStop(broker.get().id());
        response.onNext(CheckStopResponse.newBuilder()
                .setSafe(check.isSafe())
                .addAllUnavailable(named(image, check.unavailable()))
                .addAllUnderMinInSync(named(image, check.underMinInSync()))
                .setLeadershipsToMove(LeadershipsToMove.of(image, broker.get().id()))
                .setDraining(broker.get().draining())
                .setFenced(broker.get().fenced())
                .setMetadataIndex(image.index())
                .build());
        response.onCompleted();
    }

    private static List<NamedPartition> named(MetadataImage image, List<TopicPartition> partitions) {
        return partitions.stream()
                .limit(PARTITIONS_NAMED_MAX)
                .flatMap(id -> image.topic(id.topicId()).stream()
                        .map(topic -> NamedPartition.newBuilder()
                                .setTopic(topic.name())
                                .setPartition(id.partition())
                                .build()))
                .toList();
    }

    private static Optional<BrokerImage> find(MetadataImage image, int id) {
        return id < 0 ? Optional.empty() : image.broker(new BrokerId(id));
    }

    @Override
    public void drainBroker(DrainBrokerRequest request, StreamObserver<DrainBrokerResponse> response) {
        var broker = find(topics.image(), request.getBrokerId());
        if (broker.isEmpty()) {
            response.onError(Problems.toStatus(ServerProblems.unknownBroker(request.getBrokerId())));
            return;
        }
        var epoch = broker.get().epoch();
        propose(
                request.getRequestId(),
                id -> request.getCancel()
                        ? new MetadataCommand.UnfenceBroker(id, broker.get().id(), epoch)
                        : new MetadataCommand.DrainBroker(id, broker.get().id(), epoch),
                index ->
                        DrainBrokerResponse.newBuilder().setMetadataIndex(index).build(),
                response);
    }

    @Override
    public void unregisterBroker(UnregisterBrokerRequest request, StreamObserver<UnregisterBrokerResponse> response) {
        var broker = find(topics.image(), request.getBrokerId());
        if (broker.isEmpty()) {
            response.onError(Problems.toStatus(ServerProblems.unknownBroker(request.getBrokerId())));
            return;
        }
        propose(
                request.getRequestId(),
                id -> new MetadataCommand.UnregisterBroker(
                        id, broker.get().id(), broker.get().epoch()),
                index -> UnregisterBrokerResponse.newBuilder()
                        .setMetadataIndex(index)
                        .build(),
                response);
    }

    @Override
    public void upgradeCluster(UpgradeClusterRequest request, StreamObserver<UpgradeClusterResponse> response) {
        var image = topics.image();
        int level = request.hasFeatureLevel() ? request.getFeatureLevel() : image.featureLevelMax();
        var answer = UpgradeClusterResponse.newBuilder()
                .setFeatureLevelBefore(image.featureLevel())
                .setFeatureLevel(level);
        if (request.getDryRun()) {
            var command = new MetadataCommand.FinalizeFeatureLevel(new RequestId(UUID.randomUUID()), level);
            answer(
                    image.dryRun(command),
                    _ -> answer.setMetadataIndex(image.index()).build(),
                    response);
            return;
        }
        propose(
                request.getRequestId(),
                id -> new MetadataCommand.FinalizeFeatureLevel(id, level),
                index -> answer.setMetadataIndex(index).build(),
                response);
    }

    /// @param requestId empty: the caller does not retry
    private <R> void propose(
            ByteString requestId,
            Function<RequestId, MetadataCommand> command,
            LongFunction<R> answer,
            StreamObserver<R> response) {
        if (!requestId.isEmpty() && requestId.size() != 16) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest("`request_id` must have 16 bytes")));
            return;
        }
        var id = new RequestId(
                requestId.isEmpty()
                        ? UUID.randomUUID()
                        : TopicId.fromBytes(requestId.toByteArray()).value());
        var _ = metadata.propose(command.apply(id)).whenComplete((reply, failure) -> {
            if (failure == null) {
                answer(reply, answer, response);
            } else {
                response.onError(Problems.toStatus(Rejections.failed(failure)));
            }
        });
    }

    private static <R> void answer(MetadataReply reply, LongFunction<R> answer, StreamObserver<R> response) {
        if (reply instanceof MetadataReply.Done(var index)) {
            response.onNext(answer.apply(index));
            response.onCompleted();
        } else {
            response.onError(Problems.toStatus(
                    reply instanceof MetadataReply.Rejected rejected
                            ? Rejections.problem(rejected, "")
                            : ServerProblems.internal("unexpected reply: " + reply)));
        }
    }

    private TopicLeaders leaders(TopicImage topic) {
        var leaders = TopicLeaders.newBuilder().setTopic(topic.name()).setTopicId(TopicLookup.bytes(topic.id()));
        for (var partition : topic.partitions()) {
            var entry = PartitionLeader.newBuilder().setPartition(partition.partition());
            topics.leader(partition).ifPresent(entry::setLeader);
            leaders.addPartitions(entry);
        }
        return leaders.build();
    }
}
