package io.weirlog.server;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
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

    private final Server server;
    private final HealthStatusManager health = new HealthStatusManager();
    private final Duration grace;
    private volatile boolean serving;

    GrpcListener(
            InetSocketAddress address,
            int requestBytesMax,
            List<ServerServiceDefinition> services,
            Executor executor,
            Duration grace)
            throws IOException {
        this.grace = grace;
        var builder = NettyServerBuilder.forAddress(address)
                .executor(executor)
                .callExecutor(new ByMethod())
                .maxInboundMessageSize(requestBytesMax + ENVELOPE_BYTES)
                .maxInboundMetadataSize(METADATA_BYTES_MAX)
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(60, TimeUnit.SECONDS)
                .keepAliveTimeout(20, TimeUnit.SECONDS)
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance());
        services.forEach(service -> builder.addService(ServerInterceptors.intercept(service, new Gate())));
        server = builder.build().start();
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
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

    int port() {
        return server.getPort();
    }

    /// Takes no new calls and waits for those that are open, for the grace period at most.
    @Override
    public void close() {
        health.enterTerminalState();
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
