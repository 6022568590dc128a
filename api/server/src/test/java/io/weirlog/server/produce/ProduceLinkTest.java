package io.weirlog.server.produce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.LocalFeed;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayException;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.server.tls.NodeTls;
import io.weirlog.v1.Acks;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.ProduceInitialized;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import io.weirlog.wire.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Leaders that are silent, break off or are not there: what is told of the appends is certain, and in time.
@Timeout(60)
class ProduceLinkTest {
    private static final BrokerId LEADER = new BrokerId(2);
    private static final TopicPartition ID = new TopicPartition(new TopicId(new UUID(1, 2)), 0);
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final DataPlane methods = new DataPlane(BufferSource.HEAP);
    private final LocalFeed feed = new LocalFeed();
    private final LinkedBlockingQueue<StreamObserver<ProduceResponse>> opened = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<ProduceRequest> received = new LinkedBlockingQueue<>();
    private Relay relay = relay(1);

    @AfterEach
    void close() {
        relay.close();
        feed.close();
    }

    private Relay relay(int port) {
        return new Relay(
                new NodeIdentity("c", new BrokerId(1)),
                NodeTls.off(new SimpleMeterRegistry()),
                _ -> Optional.of(new Endpoint("127.0.0.1", port)),
                1 << 20,
                1,
                new SimpleMeterRegistry());
    }

    private void use(int port) {
        relay.close();
        relay = relay(port);
    }

    private ProduceLink link() {
        var means = new AppendPaths.Means(
                relay, new TopicLookup(feed, new BrokerId(1)), ReplicationClock.SYSTEM, methods.produce());
        var link = new ProduceLink(means, LEADER, RelayedRpc.PRODUCE, "test");
        assertTrue(link.open(Context.ROOT));
        return link;
    }

    private static CompletableFuture<AppendResult> append(ProduceLink link, long timeoutNanos) {
        var builder = new RecordBatchBuilder(Compression.NONE, 100);
        builder.append(1, null, new byte[10], List.of());
        var result = new CompletableFuture<AppendResult>();
        link.append(
                new PartitionAppend(
                        "t",
                        ID,
                        Payload.of(builder.build()),
                        1,
                        Acks.ACKS_ALL,
                        Optional.empty(),
                        System.nanoTime() + timeoutNanos,
                        false,
                        result::complete),
                result::complete);
        return result;
    }

    private static void assertFailed(CompletableFuture<AppendResult> result, AppendOutcome outcome, ErrorReason reason)
            throws Exception {
        var failure = result.get(10, TimeUnit.SECONDS).getFailure();
        assertEquals(outcome, failure.getOutcome(), failure::toString);
        assertEquals(reason, failure.getProblem().getReason(), failure::toString);
    }

    /// A leader that answers `initial` and then only what the test lets it.
    private Server leader() throws Exception {
        var service = ServerServiceDefinition.builder(ProducerServiceGrpc.SERVICE_NAME)
                .addMethod(methods.produce(), ServerCalls.asyncBidiStreamingCall(this::produce))
                .build();
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(service)
                .build()
                .start();
    }

    private StreamObserver<Framed<ProduceRequest>> produce(StreamObserver<ProduceResponse> responses) {
        return new StreamObserver<>() {
            @Override
            public void onNext(Framed<ProduceRequest> request) {
                received.add(request.message());
                request.close();
                if (request.message().hasInitial()) {
                    responses.onNext(ProduceResponse.newBuilder()
                            .setInitial(ProduceInitialized.getDefaultInstance())
                            .build());
                    opened.add(responses);
                }
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {}
        };
    }

    @Test
    void whoCannotBeReachedHasAppendedNothing() throws Exception {
        try (var closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            use(closed.getLocalPort());
        }
        assertFailed(
                append(link(), 5 * SECOND_NANOS),
                AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                ErrorReason.ERROR_REASON_NO_LEADER);
    }

    @Test
    void whoTakesTheConnectionAndSaysNothingHasAppendedNothing() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            use(silent.getLocalPort());
            var begun = System.nanoTime();
            assertFailed(
                    append(link(), 30 * SECOND_NANOS),
                    AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                    ErrorReason.ERROR_REASON_NO_LEADER);
            assertTrue(System.nanoTime() - begun < 6 * SECOND_NANOS, "another way can still be tried");
            var fetch = relay.ask(RelayedRpc.FETCH, LEADER, methods.fetch(), FetchRequest.getDefaultInstance(), 200);
            var failure = assertThrows(ExecutionException.class, () -> fetch.get(5, TimeUnit.SECONDS));
            var relayed = assertInstanceOf(RelayException.class, failure.getCause());
            assertEquals(ErrorReason.ERROR_REASON_NO_LEADER, relayed.problem().getReason());
        }
    }

    @Test
    void nobodyKnowsOfWhatASilentLeaderWasSent() throws Exception {
        var server = leader();
        try {
            use(server.getPort());
            var begun = System.nanoTime();
            assertFailed(
                    append(link(), SECOND_NANOS / 2),
                    AppendOutcome.APPEND_OUTCOME_UNKNOWN,
                    ErrorReason.ERROR_REASON_TIMED_OUT);
            assertTrue(System.nanoTime() - begun < 3 * SECOND_NANOS, "the deadline is kept");
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void nobodyKnowsOfWhatWasUnderWayWhenAStreamBreaks() throws Exception {
        var server = leader();
        try {
            use(server.getPort());
            var link = link();
            var result = append(link, 30 * SECOND_NANOS);
            awaitAppend();
            server.shutdownNow();
            assertFailed(result, AppendOutcome.APPEND_OUTCOME_UNKNOWN, ErrorReason.ERROR_REASON_NO_LEADER);
            assertFailed(
                    append(link, SECOND_NANOS),
                    AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                    ErrorReason.ERROR_REASON_NO_LEADER);
        } finally {
            server.shutdownNow();
        }
    }

    private void awaitAppend() throws InterruptedException {
        while (true) {
            var request = received.poll(10, TimeUnit.SECONDS);
            if (request != null && request.hasAppend()) {
                return;
            }
        }
    }

    @Test
    void aLeaderThatStopsHasAppendedNothingOfWhatItDidNotAnswer() throws Exception {
        var server = leader();
        try {
            use(server.getPort());
            var result = append(link(), 30 * SECOND_NANOS);
            awaitAppend();
            opened.take().onError(Problems.toStatus(ServerProblems.shuttingDown()));
            assertFailed(result, AppendOutcome.APPEND_OUTCOME_NOT_APPENDED, ErrorReason.ERROR_REASON_SHUTTING_DOWN);
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void moreThanMayBeUnderWayIsRefused() throws Exception {
        var server = leader();
        try {
            use(server.getPort());
            var link = link();
            var first = append(link, SECOND_NANOS);
            assertFailed(
                    append(link, SECOND_NANOS),
                    AppendOutcome.APPEND_OUTCOME_NOT_APPENDED,
                    ErrorReason.ERROR_REASON_OVERLOADED);
            assertFailed(first, AppendOutcome.APPEND_OUTCOME_UNKNOWN, ErrorReason.ERROR_REASON_TIMED_OUT);
            assertFailed(
                    append(link, SECOND_NANOS / 4),
                    AppendOutcome.APPEND_OUTCOME_UNKNOWN,
                    ErrorReason.ERROR_REASON_TIMED_OUT);
        } finally {
            server.shutdownNow();
        }
    }
}
