package io.weirlog.server;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;

/// Services that are called from this process, with deadlines and errors as if they were called from afar, and without
/// a network between.
final class LocalCalls implements AutoCloseable {
    private final Server server;
    private final ManagedChannel channel;

    LocalCalls(List<ServerServiceDefinition> services, Executor executor) throws IOException {
        var name = InProcessServerBuilder.generateName();
        var builder = InProcessServerBuilder.forName(name).executor(executor);
        services.forEach(builder::addService);
        server = builder.build().start();
        channel = InProcessChannelBuilder.forName(name).executor(executor).build();
    }

    Channel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
