package io.weirlog.server;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.wire.Problems;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The client port: gRPC with health checks and reflection.
final class GrpcListener implements AutoCloseable {
    private static final int FLOW_CONTROL_WINDOW_BYTES = 1 << 20;
    private static final int METADATA_BYTES_MAX = 16 * 1024;
    /// Room in a message for everything that is not the batch.
    private static final int ENVELOPE_BYTES = 64 * 1024;

    /// A client that is silent for so long is asked whether it is there: one that has vanished without a word holds
    /// partitions of its group as long as its connection counts as open.
    private static final int CLIENT_ASKED_AFTER_SECONDS = 10;
    /// A slow link has to bring what was sent before the question first.
    private static final int CLIENT_ANSWER_SECONDS_MAX = 20;

    private final Server server;
    private final LocalCalls local;
    private final HealthStatusManager health = new HealthStatusManager();
    private final Duration grace;
    private volatile boolean serving;

    GrpcListener(
            InetSocketAddress address,
            ServerCredentials security,
            int requestBytesMax,
            List<ServerServiceDefinition> services,
            Executor executor,
            Duration grace)
            throws IOException {
        this.grace = grace;
        var builder = NettyServerBuilder.forAddress(address, security)
                .executor(executor)
                .callExecutor(new ByMethod())
                .maxInboundMessageSize(requestBytesMax + ENVELOPE_BYTES)
                .maxInboundMetadataSize(METADATA_BYTES_MAX)
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(CLIENT_ASKED_AFTER_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(CLIENT_ANSWER_SECONDS_MAX, TimeUnit.SECONDS)
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance())
                .addService(olderReflection());
        var gated = services.stream()
                .map(service -> ServerInterceptors.intercept(service, new Gate()))
                .toList();
        gated.forEach(builder::addService);
        server = builder.build().start();
        local = new LocalCalls(gated, executor);
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
    }

    /// Reflection under its former name too: tools that are a few years old know no other.
    @SuppressWarnings("deprecation")
    private static BindableService olderReflection() {
        return ProtoReflectionService.newInstance();
    }

    /// Lets calls in. Before, the port is known, but every call is told to try again.
    void serve() {
        serving = true;
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
    }

    /// Turns calls away while the node is starting.
    private final class Gate implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            if (serving) {
                return next.startCall(call, headers);
            }
            var refusal = Problems.toStatus(ServerProblems.starting());
            var trailers = Status.trailersFromThrowable(refusal);
            call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
            return new ServerCall.Listener<>() {};
        }
    }

    /// Appends never block, so they stay on the network's threads: one hand-over less for each. All else may wait for a
    /// disk or for the metadata and gets the executor.
    private static final class ByMethod implements ServerCallExecutorSupplier {
        @Override
        public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
            var service = call.getMethodDescriptor().getServiceName();
            return ProducerServiceGrpc.SERVICE_NAME.equals(service) ? Runnable::run : null;
        }
    }

    /// To the same services, from this process.
    Channel local() {
        return local.channel();
    }

    int port() {
        return server.getPort();
    }

    /// Takes no new calls and waits for those that are open, for the grace period at most.
    @Override
    public void close() {
        health.enterTerminalState();
        local.close();
        server.shutdown();
        try {
            if (!server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
                server.awaitTermination(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
