package io.weirlog.server.admin;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.NewTopic;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.replication.Partitions;
import io.weirlog.server.InternalTopics;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.internal.TopicOpenings;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.AlterReassignmentsRequest;
import io.weirlog.v1.AlterReassignmentsResponse;
import io.weirlog.v1.AlterTopicRequest;
import io.weirlog.v1.AlterTopicResponse;
import io.weirlog.v1.CreatePartitionsRequest;
import io.weirlog.v1.CreatePartitionsResponse;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.CreateTopicResponse;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeleteRecordsResponse;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DeleteTopicResponse;
import io.weirlog.v1.DescribeReplicasRequest;
import io.weirlog.v1.DescribeReplicasResponse;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.DescribeTopicResponse;
import io.weirlog.v1.ElectLeadersRequest;
import io.weirlog.v1.ElectLeadersResponse;
import io.weirlog.v1.ListReassignmentsRequest;
import io.weirlog.v1.ListReassignmentsResponse;
import io.weirlog.v1.ListTopicsRequest;
import io.weirlog.v1.ListTopicsResponse;
import io.weirlog.v1.PlanReassignmentRequest;
import io.weirlog.v1.PlanReassignmentResponse;
import io.weirlog.v1.Problem;
import io.weirlog.v1.TopicSummary;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `weirlog.v1.AdminService`: translates; the metadata machine decides.
public final class AdminApi extends AdminServiceGrpc.AdminServiceImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(AdminApi.class);
    private static final int PAGE_SIZE_DEFAULT = 500;
    private static final int PAGE_SIZE_MAX = 5000;
    private static final int REPLICATION_FACTOR_DEFAULT = 3;

    private final TopicLookup topics;
    private final MetadataClient metadata;
    private final TopicOpenings openings;
    private final TopicDescriptions descriptions;
    private final TopicChanges changes;
    private final Reassignments reassignments;
    private final RecordDeletions deletions;
    private final Map<String, String> topicDefaults;
    private final Executor executor;

    /// @param topicDefaults configs that a new topic gets unless it is created with others
    public AdminApi(
            TopicLookup topics,
            MetadataClient metadata,
            TopicOpenings openings,
            Partitions partitions,
            RecordDeletions deletions,
            Map<String, String> topicDefaults,
            Executor executor) {
        this.topics = topics;
        this.metadata = metadata;
        this.openings = openings;
        this.descriptions = new TopicDescriptions(topics, partitions);
        this.reassignments = new Reassignments(topics, partitions);
        this.deletions = deletions;
        this.topicDefaults = topicDefaults;
        this.executor = executor;
        this.changes = new TopicChanges(topics, metadata, openings, descriptions, AdminApi::unavailable, executor);
    }

    @Override
    public void alterTopic(AlterTopicRequest request, StreamObserver<AlterTopicResponse> response) {
        changes.alterTopic(request, response);
    }

    @Override
    public void createPartitions(CreatePartitionsRequest request, StreamObserver<CreatePartitionsResponse> response) {
        changes.createPartitions(request, response);
    }

    @Override
    public void electLeaders(ElectLeadersRequest request, StreamObserver<ElectLeadersResponse> response) {
        changes.electLeaders(request, response);
    }

    @Override
    public void alterReassignments(
            AlterReassignmentsRequest request, StreamObserver<AlterReassignmentsResponse> response) {
        changes.alterReassignments(request, response);
    }

    @Override
    public void listReassignments(
            ListReassignmentsRequest request, StreamObserver<ListReassignmentsResponse> response) {
        answer(response, reassignments.list());
    }

    @Override
    public void planReassignment(PlanReassignmentRequest request, StreamObserver<PlanReassignmentResponse> response) {
        reassignments.plan(request, response);
    }

    @Override
    public void describeReplicas(DescribeReplicasRequest request, StreamObserver<DescribeReplicasResponse> response) {
        reassignments.describeReplicas(request, response);
    }

    @Override
    public void deleteRecords(DeleteRecordsRequest request, StreamObserver<DeleteRecordsResponse> response) {
        deletions.deleteRecords(request, response);
    }

    @Override
    public void createTopic(CreateTopicRequest request, StreamObserver<CreateTopicResponse> response) {
        if (request.hasRequestId() && request.getRequestId().size() != 16) {
            fail(response, ServerProblems.invalidRequest("`request_id` must have 16 bytes"));
            return;
        }
        if (InternalTopics.isInternal(request.getName())) {
            fail(response, ServerProblems.internalTopic(request.getName()));
            return;
        }
        if (TopicChanges.refused(request.getReplicasList(), response)) {
            return;
        }
        var command = createCommand(request);
        if (request.getValidateOnly()) {
            var reply = topics.image().dryRun(command);
            if (reply instanceof MetadataReply.Rejected rejected) {
                fail(response, Rejections.problem(rejected, request.getName()));
            } else {
                answer(response, CreateTopicResponse.getDefaultInstance());
            }
            return;
        }
        var _ = metadata.propose(command)
                .whenCompleteAsync(
                        (reply, failure) -> {
                            if (failure != null) {
                                fail(response, unavailable(failure));
                            } else if (reply instanceof MetadataReply.Rejected rejected) {
                                fail(response, Rejections.problem(rejected, request.getName()));
                            } else {
                                created(request.getName(), (MetadataReply.TopicCreated) reply, response);
                            }
                        },
                        executor);
    }

    private MetadataCommand.CreateTopic createCommand(CreateTopicRequest request) {
        var live = (int) topics.image().brokers().stream()
                .filter(broker -> !broker.fenced())
                .count();
        var configs = new TreeMap<>(topicDefaults);
        configs.putAll(request.getConfigsMap());
        var replicas = TopicChanges.replicas(request.getReplicasList());
        int factor = replicas.isEmpty()
                ? Math.clamp(live, 1, REPLICATION_FACTOR_DEFAULT)
                : replicas.getFirst().size();
        return new MetadataCommand.CreateTopic(
                requestId(request.hasRequestId(), request.getRequestId()),
                new NewTopic(
                        request.getName(),
                        new TopicId(UUID.randomUUID()),
                        request.hasPartitions() ? request.getPartitions() : Math.max(1, replicas.size()),
                        request.hasReplicationFactor() ? request.getReplicationFactor() : factor,
                        replicas,
                        configs));
    }

    /// Answers once the new topic's partitions can be used wherever they are led, so that a client may write at once.
    private void created(
            String name, MetadataReply.TopicCreated created, StreamObserver<CreateTopicResponse> response) {
        var topic = topics.image().topic(created.id());
        if (topic.isEmpty()) {
            // A retry under the same request id, after somebody has deleted the topic again.
            fail(response, ServerProblems.unknownTopic(name));
            return;
        }
        openings.await(topic.get());
        answer(
                response,
                CreateTopicResponse.newBuilder()
                        .setTopic(descriptions.describe(topic.get()))
                        .setMetadataIndex(topics.image().index())
                        .build());
    }

    @Override
    public void deleteTopic(DeleteTopicRequest request, StreamObserver<DeleteTopicResponse> response) {
        if (request.hasRequestId() && request.getRequestId().size() != 16) {
            fail(response, ServerProblems.invalidRequest("`request_id` must have 16 bytes"));
            return;
        }
        if (InternalTopics.isInternal(request.getName())) {
            fail(response, ServerProblems.internalTopic(request.getName()));
            return;
        }
        var requestId = requestId(request.hasRequestId(), request.getRequestId());
        MetadataCommand command;
        if (request.hasTopicId()) {
            var found = topics.find(request.getName(), request.getTopicId(), OptionalInt.empty());
            if (found instanceof TopicLookup.Found.Nothing(var problem)) {
                fail(response, problem);
                return;
            }
            command = new MetadataCommand.DeleteTopic(
                    requestId, TopicId.fromBytes(request.getTopicId().toByteArray()));
        } else {
            command = new MetadataCommand.DeleteTopic(requestId, request.getName());
        }
        var _ = metadata.propose(command)
                .whenCompleteAsync(
                        (reply, failure) -> {
                            if (failure != null) {
                                fail(response, unavailable(failure));
                            } else if (reply instanceof MetadataReply.Rejected rejected) {
                                fail(response, Rejections.problem(rejected, request.getName()));
                            } else {
                                answer(
                                        response,
                                        DeleteTopicResponse.newBuilder()
                                                .setMetadataIndex(((MetadataReply.TopicDeleted) reply).index())
                                                .build());
                            }
                        },
                        executor);
    }

    @Override
    public void listTopics(ListTopicsRequest request, StreamObserver<ListTopicsResponse> response) {
        if (request.getPageSize() < 0 || request.getPageSize() > PAGE_SIZE_MAX) {
            fail(response, ServerProblems.invalidRequest("`page_size` must be between 0 and " + PAGE_SIZE_MAX));
            return;
        }
        var size = request.getPageSize() == 0 ? PAGE_SIZE_DEFAULT : request.getPageSize();
        var image = topics.image();
        // The token is the last name of the page before: pages stay right while topics come and go.
        List<TopicSummary> page = image.topicsAfter(request.getPageToken()).stream()
                .limit(size + 1L)
                .map(TopicDescriptions::summarize)
                .toList();
        var answer = ListTopicsResponse.newBuilder().setMetadataIndex(image.index());
        if (page.size() > size) {
            page = page.subList(0, size);
            answer.setNextPageToken(page.getLast().getName());
        }
        answer(response, answer.addAllTopics(page).build());
    }

    @Override
    public void describeTopic(DescribeTopicRequest request, StreamObserver<DescribeTopicResponse> response) {
        var index = topics.image().index();
        switch (topics.find(request.getName(), ByteString.EMPTY, OptionalInt.empty())) {
            case TopicLookup.Found.Nothing(var problem) -> fail(response, problem);
            case TopicLookup.Found.Topic(var topic) ->
                answer(
                        response,
                        DescribeTopicResponse.newBuilder()
                                .setTopic(descriptions.describe(topic))
                                .setMetadataIndex(index)
                                .build());
        }
    }

    private static RequestId requestId(boolean given, ByteString bytes) {
        if (!given) {
            return new RequestId(UUID.randomUUID());
        }
        return new RequestId(TopicId.fromBytes(bytes.toByteArray()).value());
    }

    private static Problem unavailable(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof MetadataUnavailableException unavailable) {
            return Rejections.unavailable(unavailable);
        }
        LOG.error("a metadata request failed", cause);
        return ServerProblems.internal("the request failed: see the broker's log");
    }

    private static <T> void answer(StreamObserver<T> response, T message) {
        response.onNext(message);
        response.onCompleted();
    }

    private static void fail(StreamObserver<?> response, Problem problem) {
        response.onError(Problems.toStatus(problem));
    }
}
