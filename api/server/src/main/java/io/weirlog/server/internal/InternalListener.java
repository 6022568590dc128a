package io.weirlog.server.internal;

import io.grpc.BindableService;
import io.grpc.HandlerRegistry;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.netty.NettyServerBuilder;
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

    public InternalListener(InetSocketAddress address, List<BindableService> services, Executor executor)
            throws IOException {
        var builder = NettyServerBuilder.forAddress(address)
                .executor(executor)
                .maxInboundMessageSize(NodeConnections.MESSAGE_BYTES_MAX)
                .maxInboundMetadataSize(METADATA_BYTES_MAX)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .fallbackHandlerRegistry(later);
        services.forEach(builder::addService);
        server = builder.build().start();
    }

    /// Serves one more.
    public void add(BindableService service) {
        for (var method : service.bindService().getMethods()) {
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
