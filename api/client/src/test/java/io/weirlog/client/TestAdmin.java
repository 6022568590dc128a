package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.TopicId;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.ConfigEntry;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.CreateTopicResponse;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.DeleteRecordsResponse;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.DeleteTopicResponse;
import io.weirlog.v1.DeletedRecords;
import io.weirlog.v1.DescribeTopicRequest;
import io.weirlog.v1.DescribeTopicResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ListTopicsRequest;
import io.weirlog.v1.ListTopicsResponse;
import io.weirlog.v1.Partition;
import io.weirlog.v1.Topic;
import io.weirlog.v1.TopicSummary;
import io.weirlog.wire.Problems;
import java.util.List;

/// Topics of the test broker. Pages have two topics.
final class TestAdmin extends AdminServiceGrpc.AdminServiceImplBase {
    private static final int PAGE_SIZE = 2;

    private final InMemoryBroker broker;

    TestAdmin(InMemoryBroker broker) {
        this.broker = broker;
    }

    @Override
    public void createTopic(CreateTopicRequest request, StreamObserver<CreateTopicResponse> responses) {
        synchronized (broker) {
            if (broker.topics().containsKey(request.getName())) {
                responses.onError(Problems.toStatus(Problems.problem(
                        Status.Code.ALREADY_EXISTS,
                        ErrorReason.ERROR_REASON_TOPIC_EXISTS,
                        "topic " + request.getName() + " exists")));
                return;
            }
            var partitions = request.hasPartitions() ? request.getPartitions() : 1;
            broker.createTopic(request.getName(), partitions, request.getConfigsMap());
            responses.onNext(CreateTopicResponse.newBuilder()
                    .setTopic(topic(request.getName()))
                    .setMetadataIndex(broker.metadataIndex())
                    .build());
        }
        responses.onCompleted();
    }

    @Override
    public void listTopics(ListTopicsRequest request, StreamObserver<ListTopicsResponse> responses) {
        synchronized (broker) {
            var names = List.copyOf(broker.topics().keySet());
            var from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
            var to = Math.min(names.size(), from + PAGE_SIZE);
            var page = ListTopicsResponse.newBuilder();
            for (var name : names.subList(from, to)) {
                var topic = broker.topic(name);
                page.addTopics(TopicSummary.newBuilder()
                        .setName(name)
                        .setTopicId(id(name))
                        .setPartitions(topic.partitions().size())
                        .setReplicationFactor(1));
            }
            if (to < names.size()) {
                page.setNextPageToken(Integer.toString(to));
            }
            responses.onNext(page.build());
        }
        responses.onCompleted();
    }

    @Override
    public void describeTopic(DescribeTopicRequest request, StreamObserver<DescribeTopicResponse> responses) {
        synchronized (broker) {
            if (!broker.topics().containsKey(request.getName())) {
                responses.onError(Problems.toStatus(InMemoryBroker.unknownTopic(request.getName())));
                return;
            }
            responses.onNext(DescribeTopicResponse.newBuilder()
                    .setTopic(topic(request.getName()))
                    .build());
        }
        responses.onCompleted();
    }

    @Override
    public void deleteTopic(DeleteTopicRequest request, StreamObserver<DeleteTopicResponse> responses) {
        synchronized (broker) {
            var name = request.getName();
            if (!broker.topics().containsKey(name)) {
                responses.onError(Problems.toStatus(InMemoryBroker.unknownTopic(name)));
                return;
            }
            if (request.hasTopicId() && !request.getTopicId().equals(id(name))) {
                responses.onError(Problems.toStatus(Problems.problem(
                        Status.Code.FAILED_PRECONDITION,
                        ErrorReason.ERROR_REASON_TOPIC_ID_MISMATCH,
                        "topic " + name + " is another one by now")));
                return;
            }
            broker.deleteTopic(name);
            responses.onNext(DeleteTopicResponse.newBuilder()
                    .setMetadataIndex(broker.metadataIndex())
                    .build());
        }
        responses.onCompleted();
    }

    @Override
    public void deleteRecords(DeleteRecordsRequest request, StreamObserver<DeleteRecordsResponse> responses) {
        var response = DeleteRecordsResponse.newBuilder();
        synchronized (broker) {
            for (var wanted : request.getPartitionsList()) {
                var deleted =
                        DeletedRecords.newBuilder().setTopic(wanted.getTopic()).setPartition(wanted.getPartition());
                try {
                    var refusal = broker.nextDeletionProblem();
                    var log = broker.log(wanted.getTopic(), wanted.getPartition());
                    if (refusal.isPresent()) {
                        deleted.setProblem(refusal.get());
                    } else if (wanted.getOffset() > log.endOffset()) {
                        deleted.setProblem(Problems.problem(
                                Status.Code.OUT_OF_RANGE,
                                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                                "offset " + wanted.getOffset() + " is beyond the end"));
                    } else {
                        log.deleteBefore(Math.max(log.startOffset(), wanted.getOffset()));
                        deleted.setLogStartOffset(log.startOffset());
                    }
                } catch (StatusRuntimeException e) {
                    deleted.setProblem(Problems.fromThrowable(e));
                }
                response.addResults(deleted);
            }
        }
        responses.onNext(response.build());
        responses.onCompleted();
    }

    private ByteString id(String name) {
        return ByteString.copyFrom(new TopicId(broker.topic(name).id()).toBytes());
    }

    private Topic topic(String name) {
        var found = broker.topic(name);
        var topic = Topic.newBuilder().setName(name).setTopicId(id(name));
        for (var i = 0; i < found.partitions().size(); i++) {
            var log = found.partitions().get(i);
            topic.addPartitions(Partition.newBuilder()
                    .setPartition(i)
                    .setLeader(TestCluster.leader(broker))
                    .addReplicas(1)
                    .addInSyncReplicas(1)
                    .setLogStartOffset(log.startOffset())
                    .setHighWatermark(log.endOffset()));
        }
        found.configs()
                .forEach((key, value) -> topic.addConfigs(
                        ConfigEntry.newBuilder().setKey(key).setValue(value).setOverridden(true)));
        return topic.build();
    }
}
