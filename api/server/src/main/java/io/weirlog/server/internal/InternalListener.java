package io.weirlog.server.internal;

import io.grpc.BindableService;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCredentials;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.weirlog.internal.v1.ReplicationServiceGrpc;
import io.weirlog.v1.ProducerServiceGrpc;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The port for other nodes.
public final class InternalListener implements AutoCloseable {
    private static final int METADATA_BYTES_MAX = 16 * 1024;
    private static final long CLOSE_WAIT_SECONDS = 2;

    private final Server server;
    private final LaterServices later = new LaterServices();

    /// Services that come while the port is open already.
    private static final class LaterServices extends HandlerRegistry {
        private final Map<String, ServerMethodDefinition<?, ?>> methods = new ConcurrentHashMap<>();

        @Override
        public @Nullable ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
            return methods.get(name);
        }
    }

    /// @param messageBytesMax the largest message that another node may send
    public InternalListener(
            InetSocketAddress address,
            ServerCredentials security,
            List<BindableService> services,
            Executor executor,
            int messageBytesMax)
            throws IOException {
        var builder = NettyServerBuilder.forAddress(address, security)
                .executor(executor)
                .callExecutor(new ByService())
                .maxInboundMessageSize(Math.max(NodeConnections.MESSAGE_BYTES_MAX, messageBytesMax))
                .maxInboundMetadataSize(METADATA_BYTES_MAX)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .fallbackHandlerRegistry(later);
        services.forEach(builder::addService);
        server = builder.build().start();
    }

    /// Replication and appends only hand on what comes, so they stay on the network's threads: one hand-over less for
    /// each batch.
    private static final class ByService implements ServerCallExecutorSupplier {
        @Override
        public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
            var service = call.getMethodDescriptor().getServiceName();
            return ReplicationServiceGrpc.SERVICE_NAME.equals(service)
                            || ProducerServiceGrpc.SERVICE_NAME.equals(service)
                    ? Runnable::run
                    : null;
        }
    }

    /// Serves one more.
    public void add(ServerServiceDefinition service) {
        for (var method : service.getMethods()) {
            later.methods.put(method.getMethodDescriptor().getFullMethodName(), method);
        }
    }

    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(CLOSE_WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
