package io.weirlog.server.consume;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.Partitions;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.OpenStreams;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListOffsetsResponse;
import io.weirlog.v1.ListedOffset;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// `weirlog.v1.ConsumerService`.
public final class ConsumerApi implements AutoCloseable {
    private static final int DECOMPRESSED_BYTES_MAX = 64 << 20;

    private final NodeFacts facts;
    private final OpenStreams openStreams;
    private final TopicLookup topics;
    private final Partitions partitions;
    private final PartitionReader reader;
    private final Subscriptions subscriptions;
    private final Executor executor;
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-fetch-timer").factory());

    /// @param executor where reads happen: they may wait for a disk
    public ConsumerApi(
            NodeFacts facts, OpenStreams openStreams, TopicLookup topics, Partitions partitions, Executor executor) {
        this.facts = facts;
        this.openStreams = openStreams;
        this.topics = topics;
        this.partitions = partitions;
        this.reader = new PartitionReader(topics, partitions, DECOMPRESSED_BYTES_MAX);
        this.subscriptions = new Subscriptions(topics, partitions, reader);
        this.executor = executor;
    }

    public ServerServiceDefinition definition(DataPlane methods) {
        var listOffsets = ConsumerServiceGrpc.getListOffsetsMethod();
        var descriptor = ServiceDescriptor.newBuilder(ConsumerServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(ConsumerServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(methods.fetch())
                .addMethod(methods.consume())
                .addMethod(listOffsets)
                .build();
        return ServerServiceDefinition.builder(descriptor)
                .addMethod(methods.fetch(), ServerCalls.asyncUnaryCall(this::fetch))
                .addMethod(methods.consume(), ServerCalls.asyncBidiStreamingCall(this::consume))
                .addMethod(listOffsets, ServerCalls.asyncUnaryCall(this::listOffsets))
                .build();
    }

    private StreamObserver<ConsumeRequest> consume(StreamObserver<Framed<ConsumeResponse>> responses) {
        return new ConsumeStream(
                facts,
                openStreams,
                subscriptions,
                reader,
                (ServerCallStreamObserver<Framed<ConsumeResponse>>) responses,
                MoreExecutors.newSequentialExecutor(executor));
    }

    private void fetch(FetchRequest request, StreamObserver<Framed<FetchResponse>> response) {
        var mistake = FetchCall.mistake(request);
        if (mistake.isPresent()) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest(mistake.get())));
            return;
        }
        var bytesMax = request.getMaxBytes() == 0 ? Subscriptions.DEFAULT_BATCH_BYTES : request.getMaxBytes();
        new FetchCall(
                        topics,
                        partitions,
                        reader,
                        request,
                        (ServerCallStreamObserver<Framed<FetchResponse>>) response,
                        MoreExecutors.newSequentialExecutor(executor),
                        Math.min(bytesMax, facts.limits().maxFetchBytes()))
                .begin(timers, FetchCall.waitMillis(request));
    }

    private void listOffsets(ListOffsetsRequest request, StreamObserver<ListOffsetsResponse> response) {
        if (request.getPartitionsCount() == 0 || request.getPartitionsCount() > 10_000) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest(
                    "a request names 1 to 10000 partitions, not " + request.getPartitionsCount())));
            return;
        }
        var answer = ListOffsetsResponse.newBuilder();
        request.getPartitionsList().forEach(query -> answer.addOffsets(listOffset(query)));
        response.onNext(answer.build());
        response.onCompleted();
    }

    private ListedOffset listOffset(ListOffsetsPartition query) {
        var listed = switch (topics.find(query.getTopic(), query.getTopicId(), OptionalInt.of(query.getPartition()))) {
            case TopicLookup.Found.Nothing(var problem) ->
                ListedOffset.newBuilder().setProblem(problem);
            case TopicLookup.Found.Topic(var topic) -> {
                var id = new TopicPartition(topic.id(), query.getPartition());
                var found = reader.list(query.getTopic(), id, query);
                topics.leader(id).ifPresent(found::setLeader);
                yield found;
            }
        };
        return listed.setTopic(query.getTopic())
                .setPartition(query.getPartition())
                .build();
    }

    @Override
    public void close() {
        timers.shutdownNow();
    }
}
