package io.weirlog.server;

import io.weirlog.common.BrokerId;
import io.weirlog.log.FileStorage;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataQuorum;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumStartException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.PartitionsConfig;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.admin.AdminApi;
import io.weirlog.server.admin.ClusterApi;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.consume.ConsumerApi;
import io.weirlog.server.produce.ProducerApi;
import io.weirlog.wire.DataPlane;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One node with both roles: a voter of the metadata quorum and a broker. Wires the parts by hand and closes them in
/// the
/// opposite order.
public final class Node implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final Duration QUORUM_READY_MAX = Duration.ofSeconds(60);
    private static final Duration PARTITIONS_OPEN_MAX = Duration.ofMinutes(30);

    private final NodeConfig config;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final OpenStreams openStreams;
    private final String clusterId;
    private final GrpcListener listener;
    private final CompletableFuture<Throwable> failure;
    private boolean closed;

    private Node(NodeConfig config) throws NodeStartException {
        this.config = config;
        try {
            var directory = opened(DataDirectory.open(config.dataDir(), config.nodeId(), config.clusterId()));
            clusterId = directory.clusterId();
            var quorum = opened(startQuorum(directory));
            var partitions = opened(new Partitions(
                    config.nodeId(),
                    new FileStorage(),
                    PartitionsConfig.of(directory.partitions(), config.limits().shards(), config.shutdownGrace()),
                    ReplicationClock.SYSTEM));
            failure = quorum.failure().applyToEither(partitions.failure(), cause -> cause);
            var settings = new TopicSettings();
            var broker = new Broker(config.nodeId(), partitions, settings);
            openStreams = opened(new OpenStreams());
            listener = opened(listen(quorum, broker, partitions, settings));
            // Registered before any partition is opened: a new life of the broker gives its partitions new leader
            // epochs.
            register(quorum);
            startBroker(quorum, broker);
            listener.serve();
            LOG.info("node {} of cluster {} serves clients at {}", config.nodeId(), clusterId, clientAddress());
        } catch (NodeStartException | RuntimeException e) {
            closeParts();
            throw e;
        }
    }

    /// Starts a node and returns when it serves clients.
    public static Node start(NodeConfig config) throws NodeStartException {
        return new Node(config);
    }

    private <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    private MetadataQuorum startQuorum(DataDirectory directory) throws NodeStartException {
        var raftPort = config.network().raftPort();
        var bind = new Endpoint(config.network().clientHost(), raftPort);
        var voter = new QuorumConfig.Voter(config.nodeId(), new Endpoint("localhost", raftPort));
        try {
            var quorum = MetadataQuorum.start(new QuorumConfig(
                    directory.metadata(),
                    UUID.nameUUIDFromBytes(directory.clusterId().getBytes(StandardCharsets.UTF_8)),
                    config.nodeId(),
                    List.of(voter),
                    bind,
                    QuorumConfig.Tuning.DEFAULT));
            try {
                quorum.awaitReady(QUORUM_READY_MAX);
            } catch (MetadataUnavailableException e) {
                quorum.close();
                throw new NodeStartException("the metadata quorum did not become ready: " + e.getMessage(), e);
            }
            return quorum;
        } catch (QuorumStartException e) {
            throw new NodeStartException("the metadata quorum cannot start: " + e.getMessage(), e);
        }
    }

    private void startBroker(MetadataQuorum quorum, Broker broker) throws NodeStartException {
        opened(quorum.feed().subscribe(broker));
        try {
            var image = quorum.feed().image();
            if (!broker.awaitOpen(image.topics(), image.index(), PARTITIONS_OPEN_MAX)) {
                throw new NodeStartException(
                        "the partitions were not recovered within " + PARTITIONS_OPEN_MAX.toMinutes() + " minutes");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NodeStartException("interrupted while the partitions were recovered", e);
        }
    }

    private GrpcListener listen(MetadataQuorum quorum, Broker broker, Partitions partitions, TopicSettings settings)
            throws NodeStartException {
        var facts = new NodeFacts(clusterId, config.nodeId(), BuildInfo.VERSION, config.limits());
        var topics = new TopicLookup(quorum.feed(), config.nodeId());
        var memory = new RequestMemory(config.limits().requestMemoryBytes());
        var executor = Executors.newVirtualThreadPerTaskExecutor();
        opened(executor);
        var methods = new DataPlane(new PooledBuffers());
        var producer = new ProducerApi(facts, openStreams, topics, settings, partitions, memory);
        var consumer = opened(new ConsumerApi(facts, openStreams, topics, partitions, executor));
        var admin = new AdminApi(topics, quorum.client(), broker, partitions, config.topicDefaults(), executor);
        var network = config.network();
        try {
            return new GrpcListener(
                    new InetSocketAddress(network.clientHost(), network.clientPort()),
                    config.limits().maxRequestBytes(),
                    List.of(
                            producer.definition(methods),
                            consumer.definition(methods),
                            admin.bindService(),
                            new ClusterApi(facts, topics).bindService()),
                    executor,
                    config.shutdownGrace());
        } catch (IOException e) {
            throw new NodeStartException(
                    "cannot listen on " + network.clientHost() + ":" + network.clientPort()
                            + ": is the port in use? Give another with --port or client.port (" + e.getMessage() + ")",
                    e);
        }
    }

    private void register(MetadataQuorum quorum) throws NodeStartException {
        var command = new MetadataCommand.RegisterBroker(
                new RequestId(UUID.randomUUID()),
                config.nodeId(),
                UUID.randomUUID(),
                Optional.empty(),
                Map.of(Broker.CLIENT_LISTENER, new Endpoint(advertisedHost(), listener.port())),
                false);
        try {
            var reply = quorum.client()
                    .propose(command)
                    .orTimeout(30, TimeUnit.SECONDS)
                    .join();
            if (reply instanceof MetadataReply.Rejected rejected) {
                throw new NodeStartException("the cluster refuses this broker: " + rejected.message());
            }
        } catch (CompletionException e) {
            throw new NodeStartException("the broker could not register: " + e.getCause(), e);
        }
    }

    private String advertisedHost() {
        var bound = config.network().clientHost();
        return config.network().advertisedHost().orElseGet(() -> isWildcard(bound) ? localHostName() : bound);
    }

    private static boolean isWildcard(String host) {
        return host.equals("0.0.0.0") || host.equals("::");
    }

    private static String localHostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    public int clientPort() {
        return listener.port();
    }

    /// Where clients reach the node, "host:port".
    public String clientAddress() {
        return new Endpoint(advertisedHost(), listener.port()).toString();
    }

    public String clusterId() {
        return clusterId;
    }

    public BrokerId nodeId() {
        return config.nodeId();
    }

    /// Completes with the cause if the node cannot go on; it should then be closed.
    public CompletableFuture<Throwable> failure() {
        return failure;
    }

    /// Stops gracefully: open streams are told, appends under way are finished, logs are closed cleanly.
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            openStreams.drain(config.shutdownGrace());
            closeParts();
        }
    }

    private void closeParts() {
        while (!parts.isEmpty()) {
            var part = parts.pop();
            try {
                part.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                LOG.error("closing {} failed", part.getClass().getSimpleName(), e);
            }
        }
    }
}
