package io.weirlog.server;

import io.grpc.Channel;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.BrokerEpoch;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.replication.Partitions;
import io.weirlog.server.admin.AdminApi;
import io.weirlog.server.admin.ClusterApi;
import io.weirlog.server.admin.RecordDeletions;
import io.weirlog.server.config.LagDetail;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.consume.ConsumerApi;
import io.weirlog.server.group.Groups;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.internal.TopicOpenings;
import io.weirlog.server.produce.ProducerApi;
import io.weirlog.server.produce.ProducerIds;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.request.ClientConnections;
import io.weirlog.server.request.RequestWatch;
import io.weirlog.wire.DataPlane;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/// What a broker does for clients, and for other brokers that pass on what clients ask: the services, and the port at
/// which clients find them.
final class BrokerServices implements AutoCloseable {
    private final NodeConfig config;
    private final NodeIdentity identity;
    private final NodeMetadata metadata;
    private final BrokerStorage storage;
    private final Partitions partitions;
    private final Broker broker;
    private final TopicSettings settings;
    private final ExecutorService executor;
    private final Parts parts = new Parts();
    private final ProducerIds producerIds;
    private final OpenStreams openStreams;
    private final List<ServerServiceDefinition> relayed = new ArrayList<>();
    private final List<MetadataListener> followers = new ArrayList<>();
    private final GrpcListener listener;

    /// Listens for clients and turns them away until [#serve].
    BrokerServices(
            NodeConfig config,
            NodeIdentity identity,
            NodeMetadata metadata,
            BrokerStorage storage,
            Broker broker,
            TopicSettings settings,
            ExecutorService executor,
            MeterRegistry registry)
            throws NodeStartException {
        this.config = config;
        this.identity = identity;
        this.metadata = metadata;
        this.storage = storage;
        this.partitions = storage.partitions();
        this.broker = broker;
        this.settings = settings;
        this.executor = executor;
        this.producerIds = new ProducerIds(config.nodeId(), metadata.client());
        this.openStreams = parts.opened(new OpenStreams());
        try {
            this.listener = parts.opened(listen(registry));
        } catch (NodeStartException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    private GrpcListener listen(MeterRegistry registry) throws NodeStartException {
        var facts = new NodeFacts(identity.clusterId(), config.nodeId(), BuildInfo.VERSION, config.limits());
        var topics = new TopicLookup(metadata.feed(), config.nodeId());
        var watch = parts.opened(new RequestWatch(config.nodeId(), config.limits(), registry));
        var surroundings = new ProducerApi.Surroundings(new RequestMemory(config.limits()), storage.reserve(), watch);
        var relay = parts.opened(new Relay(
                identity,
                metadata.tls(),
                metadata::internalAddress,
                NodeBroker.messageBytesMax(config.limits()),
                config.limits().relayMaxInFlight(),
                registry));
        var producer = parts.opened(producer(facts, topics, surroundings, Optional.of(relay)));
        var consumer = parts.opened(consumer(facts, topics, Optional.of(relay)));
        // What other brokers pass on is served without a relay: it goes no further.
        relayed.add(producer(facts, topics, surroundings, Optional.empty()).definition());
        relayed.add(parts.opened(consumer(facts, topics, Optional.empty())).definition(Optional.empty()));
        relayed.add(new RecordDeletions(topics, partitions, executor, Optional.empty()).relayedDefinition());
        var openings = new TopicOpenings(identity, metadata.feed(), broker, metadata.connections(), executor);
        var groups = parts.opened(new Groups(
                topics, partitions, metadata.client(), openings, new Groups.Ways(relay, consumer::offsets), executor));
        if (config.logs().groupLag() != LagDetail.OFF) {
            parts.opened(groups.meters(
                    registry, config.logs().groupLag(), config.logs().groupLagInterval()));
        }
        followers.add(groups.coordinators());
        relayed.add(groups.coordinatorApi().bindService());
        var admin = new AdminApi(
                topics,
                metadata.client(),
                openings,
                partitions,
                new RecordDeletions(topics, partitions, executor, Optional.of(relay)),
                config.topicDefaults(),
                executor);
        var connections = parts.opened(new ClientConnections(config.limits().clients(), registry));
        var network = config.network();
        try {
            return new GrpcListener(
                    new InetSocketAddress(network.clientHost(), network.clientPort()),
                    metadata.tls().clientPort(connections),
                    config.limits().maxRequestBytes(),
                    intercepted(
                            List.of(watch, connections),
                            producer.definition(),
                            consumer.definition(Optional.of(groups.port())),
                            groups.api().bindService(),
                            admin.bindService(),
                            new ClusterApi(facts, topics, metadata.controllers(), metadata.client()).bindService(),
                            metadata.quorumService().bindService()),
                    executor,
                    config.shutdownGrace());
        } catch (IOException e) {
            throw new NodeStartException(
                    "cannot listen on " + network.clientHost() + ":" + network.clientPort()
                            + ": is the port in use? Give another with --port or client.port (" + e.getMessage() + ")",
                    e);
        }
    }

    /// @param interceptors the last one sees a call first
    private static List<ServerServiceDefinition> intercepted(
            List<ServerInterceptor> interceptors, ServerServiceDefinition... services) {
        return Arrays.stream(services)
                .map(service -> ServerInterceptors.intercept(service, interceptors))
                .toList();
    }

    private ProducerApi producer(
            NodeFacts facts, TopicLookup topics, ProducerApi.Surroundings surroundings, Optional<Relay> relay) {
        return new ProducerApi(
                facts,
                openStreams,
                topics,
                settings,
                partitions,
                producerIds,
                surroundings,
                relay,
                new DataPlane(storage.buffers()));
    }

    private ConsumerApi consumer(NodeFacts facts, TopicLookup topics, Optional<Relay> relay) {
        return new ConsumerApi(
                facts, openStreams, topics, partitions, executor, relay, new DataPlane(storage.buffers()));
    }

    /// Served to other brokers.
    List<ServerServiceDefinition> relayed() {
        return List.copyOf(relayed);
    }

    /// Who follows the metadata besides the broker.
    List<MetadataListener> followers() {
        return List.copyOf(followers);
    }

    /// Producer ids are allocated under the epoch that this life of the broker was given.
    void registered(BrokerEpoch epoch) {
        producerIds.registered(epoch);
    }

    void serve() {
        listener.serve();
    }

    /// To the services for clients, from this process.
    Channel local() {
        return listener.local();
    }

    int port() {
        return listener.port();
    }

    /// Tells the open streams that the node stops within `grace`.
    void drain(Duration grace) {
        openStreams.drain(grace);
    }

    @Override
    public void close() {
        parts.close();
    }
}
