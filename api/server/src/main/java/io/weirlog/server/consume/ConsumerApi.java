package io.weirlog.server.consume;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Context;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.replication.Partitions;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.OpenStreams;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListOffsetsResponse;
import io.weirlog.v1.ListedOffset;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
    private final OffsetLookups offsets;
    private final Optional<Relay> relay;
    private final DataPlane methods;
    private final Executor executor;
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-fetch-timer").factory());

    /// @param executor where reads happen: they may wait for a disk
    /// @param relay the way to other leaders; empty where other brokers call: what they ask for goes no further
    public ConsumerApi(
            NodeFacts facts,
            OpenStreams openStreams,
            TopicLookup topics,
            Partitions partitions,
            Executor executor,
            Optional<Relay> relay,
            DataPlane methods) {
        this.facts = facts;
        this.openStreams = openStreams;
        this.topics = topics;
        this.partitions = partitions;
        this.reader = new PartitionReader(topics, partitions, DECOMPRESSED_BYTES_MAX);
        this.offsets = new OffsetLookups(topics, reader, relay, executor);
        this.subscriptions = new Subscriptions(topics, partitions, new StartPositions(reader, offsets));
        this.executor = executor;
        this.relay = relay;
        this.methods = methods;
    }

    /// @param groups the way to the groups' coordinators; empty where other brokers call
    public ServerServiceDefinition definition(Optional<GroupPort> groups) {
        var listOffsets = ConsumerServiceGrpc.getListOffsetsMethod();
        var descriptor = ServiceDescriptor.newBuilder(ConsumerServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(ConsumerServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(methods.fetch())
                .addMethod(methods.consume())
                .addMethod(listOffsets)
                .build();
        return ServerServiceDefinition.builder(descriptor)
                .addMethod(methods.fetch(), ServerCalls.asyncUnaryCall(this::fetch))
                .addMethod(
                        methods.consume(), ServerCalls.asyncBidiStreamingCall(responses -> consume(responses, groups)))
                .addMethod(listOffsets, ServerCalls.asyncUnaryCall(this::listOffsets))
                .build();
    }

    /// Looks up offsets at whichever brokers lead the partitions; one for each query, in their order. Never fails: what
    /// went wrong is in the offsets.
    public CompletableFuture<List<ListedOffset>> offsets(ListOffsetsRequest request) {
        return offsets.list(request);
    }

    private StreamObserver<ConsumeRequest> consume(
            StreamObserver<Framed<ConsumeResponse>> responses, Optional<GroupPort> groups) {
        return new ConsumeStream(
                facts,
                openStreams,
                subscriptions,
                reader,
                (ServerCallStreamObserver<Framed<ConsumeResponse>>) responses,
                MoreExecutors.newSequentialExecutor(executor),
                relay.map(way -> new RemoteSources.Means(way, topics, partitions, methods)),
                groups);
    }

    private void fetch(FetchRequest request, StreamObserver<Framed<FetchResponse>> response) {
        var mistake = FetchTask.mistake(request);
        if (mistake.isPresent()) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest(mistake.get())));
            return;
        }
        var bytesMax = request.getMaxBytes() == 0 ? Subscriptions.DEFAULT_BATCH_BYTES : request.getMaxBytes();
        var task = new FetchTask(
                request,
                (ServerCallStreamObserver<Framed<FetchResponse>>) response,
                Context.current(),
                MoreExecutors.newSequentialExecutor(executor),
                Math.min(bytesMax, facts.limits().maxFetchBytes()));
        var fetchReader = new FetchReader(topics, reader, request);
        Optional<Runnable> elsewhere = relay.filter(_ -> !Routes.leaderOnly(request.getRouting()))
                .map(way -> new RelayedFetch(topics, partitions, fetchReader, task, way, methods)::begin);
        if (elsewhere.isPresent() && anyLedElsewhere(request)) {
            elsewhere.get().run();
        } else {
            new FetchCall(topics, partitions, fetchReader, task, elsewhere).begin(timers);
        }
    }

    private boolean anyLedElsewhere(FetchRequest request) {
        return request.getPartitionsList().stream()
                .anyMatch(wanted -> topics.ledElsewhere(wanted.getTopic(), wanted.getPartition())
                        .isPresent());
    }

    private void listOffsets(ListOffsetsRequest request, StreamObserver<ListOffsetsResponse> response) {
        if (request.getPartitionsCount() == 0 || request.getPartitionsCount() > OffsetLookups.PARTITIONS_MAX) {
            response.onError(Problems.toStatus(ServerProblems.invalidRequest("a request names 1 to "
                    + OffsetLookups.PARTITIONS_MAX + " partitions, not " + request.getPartitionsCount())));
            return;
        }
        var _ = offsets.list(request).thenAccept(listed -> {
            response.onNext(
                    ListOffsetsResponse.newBuilder().addAllOffsets(listed).build());
            response.onCompleted();
        });
    }

    @Override
    public void close() {
        timers.shutdownNow();
    }
}
