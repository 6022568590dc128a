package io.weirlog.server.produce;

import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.DiskReserve;
import io.weirlog.server.NodeFacts;
import io.weirlog.server.OpenStreams;
import io.weirlog.server.RequestMemory;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.TopicSettings;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.request.Origin;
import io.weirlog.server.request.RequestWatch;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResponse;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Problems;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// `weirlog.v1.ProducerService`.
public final class ProducerApi implements AutoCloseable {
    private final NodeFacts facts;
    private final DataPlane methods;
    private final OpenStreams openStreams;
    private final Appender appender;
    private final ProducerInits inits;
    private final AppendRoutes routes;
    private final RequestWatch watch;

    /// What the appends of all clients share.
    public record Surroundings(RequestMemory memory, DiskReserve disk, RequestWatch watch) {}

    /// @param relay the way to other leaders; empty where other brokers call: what they send goes no further
    public ProducerApi(
            NodeFacts facts,
            OpenStreams openStreams,
            TopicLookup topics,
            TopicSettings settings,
            Partitions partitions,
            ProducerIds producerIds,
            Surroundings surroundings,
            Optional<Relay> relay,
            DataPlane methods) {
        this.facts = facts;
        this.openStreams = openStreams;
        this.appender = new Appender(
                topics,
                settings,
                surroundings.memory(),
                // What another broker sends is of many clients, which have their shares there.
                () -> relay.flatMap(_ -> Origin.current().address()),
                ReplicationClock.SYSTEM);
        this.watch = surroundings.watch();
        this.methods = methods;
        this.routes = new AppendRoutes(
                new LocalAppends(partitions, surroundings, new AppendAnswers(topics)),
                relay.map(way -> new AppendPaths.Means(way, topics, ReplicationClock.SYSTEM, methods.produce())));
        this.inits = new ProducerInits(producerIds);
    }

    public ServerServiceDefinition definition() {
        var descriptor = ServiceDescriptor.newBuilder(ProducerServiceGrpc.SERVICE_NAME)
                .setSchemaDescriptor(ProducerServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
                .addMethod(methods.append())
                .addMethod(methods.produce())
                .addMethod(ProducerServiceGrpc.getInitProducerMethod())
                .build();
        return ServerServiceDefinition.builder(descriptor)
                .addMethod(methods.append(), ServerCalls.asyncUnaryCall(this::append))
                .addMethod(methods.produce(), ServerCalls.asyncBidiStreamingCall(this::produce))
                .addMethod(ProducerServiceGrpc.getInitProducerMethod(), ServerCalls.asyncUnaryCall(inits::init))
                .build();
    }

    private StreamObserver<Framed<ProduceRequest>> produce(StreamObserver<ProduceResponse> responses) {
        return new ProduceStream(
                facts, openStreams, appender, routes, watch, (ServerCallStreamObserver<ProduceResponse>) responses);
    }

    private void append(Framed<AppendRequest> request, StreamObserver<AppendResponse> responses) {
        var collected = new CollectedResults(responses);
        switch (appender.submit(AppendOrder.of(request), routes.ofOne(), collected::add)) {
            case Appender.Submitted.Refused(var problem) ->
                responses.onError(Problems.toStatus(problem, io.weirlog.v1.AppendOutcome.APPEND_OUTCOME_NOT_APPENDED));
            case Appender.Submitted.Expect(var results) -> collected.expect(results);
        }
    }

    @Override
    public void close() {
        routes.close();
    }

    /// Gathers the results of a request that went to several partitions, and answers it as a whole.
    private static final class CollectedResults {
        private final StreamObserver<AppendResponse> responses;
        private final List<AppendResult> results = new ArrayList<>();
        private int expected = Integer.MAX_VALUE;

        CollectedResults(StreamObserver<AppendResponse> responses) {
            this.responses = responses;
        }

        synchronized void add(AppendResult result) {
            results.add(result);
            answerIfComplete();
        }

        synchronized void expect(int count) {
            expected = count;
            answerIfComplete();
        }

        private void answerIfComplete() {
            if (results.size() < expected) {
                return;
            }
            results.sort(Comparator.comparingInt(AppendResult::getPartition));
            if (results.size() == 1 && results.get(0).hasFailure()) {
                var failure = results.get(0).getFailure();
                responses.onError(Problems.toStatus(failure.getProblem(), failure.getOutcome()));
            } else {
                responses.onNext(
                        AppendResponse.newBuilder().addAllResults(results).build());
                responses.onCompleted();
            }
        }
    }
}
