package io.weirlog.server;

import io.grpc.BindableService;
import io.micrometer.core.instrument.Gauge;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.config.Role;
import io.weirlog.server.http.HttpPort;
import io.weirlog.server.http.JsonApi;
import io.weirlog.server.http.NodeMeters;
import io.weirlog.server.http.Readiness;
import io.weirlog.server.internal.Controllers;
import io.weirlog.server.internal.InternalListener;
import io.weirlog.server.internal.NodeIdentity;
import io.weirlog.server.tls.NodeTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One node: a voter of the metadata quorum, a broker, or both. Wires the parts by hand and closes them in the opposite
/// order.
public final class Node implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);

    private final NodeConfig config;
    private final Parts parts = new Parts();
    private final String clusterId;
    private final InternalListener internal;
    private final Optional<NodeBroker> broker;
    private final AtomicReference<Readiness> readiness =
            new AtomicReference<>(() -> new Readiness.State.NotReady("the node joins the metadata"));
    private final Optional<HttpPort> http;
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private boolean closed;

    private Node(NodeConfig config) throws NodeStartException {
        this.config = config;
        try {
            var directory = parts.opened(
                    NodeFolder.open(config.dataDir(), config.nodeId(), config.clusterId(), !config.joinsOthers()));
            clusterId = directory.clusterId();
            var identity = new NodeIdentity(clusterId, config.nodeId());
            var executor = parts.opened(Executors.newVirtualThreadPerTaskExecutor());
            var meters = parts.opened(new NodeMeters(config.nodeId()));
            Gauge.builder("weirlog.version", () -> 1)
                    .description("1, with the version that runs")
                    .tag("version", BuildInfo.VERSION)
                    .register(meters.registry());
            http = openHttp(meters);
            var ownHost = reachable(config.cluster().internalHost());
            var tls = parts.opened(
                    NodeTls.open(config.network().tls(), new NodeTls.Own(ownHost, internalName()), meters.registry()));
            var metadata = parts.opened(
                    new NodeMetadata(config, identity, tls, directory.metadata(), executor, meters.registry()));
            watch(metadata.failure());
            internal = parts.opened(listen(tls, metadata.services(), executor));
            metadata.controllers().listening(new Endpoint(ownHost, internal.port()));
            broker = config.is(Role.BROKER)
                    ? Optional.of(parts.opened(
                            new NodeBroker(config, identity, directory.cleanStop(), metadata, executor, meters)))
                    : Optional.empty();
            broker.ifPresent(part -> part.internalServices().forEach(internal::add));
            joinMetadata(metadata);
            readiness.set(broker.map(part -> (Readiness) part::readiness).orElse(metadata::readiness));
            if (broker.isPresent()) {
                watch(broker.get().failure());
                serveRecords(broker.get());
                broker.get().start(new Endpoint(internalName(), internal.port()));
            }
            LOG.info("node {} of cluster {} is ready at {}", config.nodeId(), clusterId, clientAddress());
        } catch (NodeStartException | RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    /// Starts a node and returns when it serves.
    public static Node start(NodeConfig config) throws NodeStartException {
        return new Node(config);
    }

    private void watch(CompletableFuture<Throwable> source) {
        var _ = source.thenAccept(failure::complete);
    }

    /// Topics and records over HTTP, where there are any.
    private void serveRecords(NodeBroker served) {
        if (config.network().httpRecords()) {
            http.ifPresent(port -> port.serve(new JsonApi(served.localClients())));
            LOG.info("topics and records are served over HTTP too, to everybody who reaches that port");
        }
    }

    private Optional<HttpPort> openHttp(NodeMeters meters) throws NodeStartException {
        var port = config.network().httpPort();
        if (port.isEmpty()) {
            return Optional.empty();
        }
        var host = config.network().clientHost();
        try {
            var address = new InetSocketAddress(host, port.getAsInt());
            var opened = parts.opened(
                    HttpPort.open(address, meters, () -> readiness.get().state()));
            LOG.info("metrics and probes are at http://{}", new Endpoint(host, opened.port()));
            return Optional.of(opened);
        } catch (IOException e) {
            throw new NodeStartException(
                    "cannot listen for HTTP on " + host + ":" + port.getAsInt()
                            + ": is the port in use? Give another with http.port, or 'off' (" + e.getMessage() + ")",
                    e);
        }
    }

    private void joinMetadata(NodeMetadata metadata) throws NodeStartException {
        var raftPort = metadata.raftPort();
        if (raftPort.isPresent()) {
            var raft = new Endpoint(internalName(), raftPort.getAsInt());
            metadata.awaitReady(raft);
            metadata.register(
                    Map.of(Controllers.INTERNAL_LISTENER, new Endpoint(internalName(), internal.port()), "raft", raft));
        }
    }

    private InternalListener listen(NodeTls tls, List<BindableService> services, ExecutorService executor)
            throws NodeStartException {
        var host = config.cluster().internalHost();
        int port = config.network().internalPort();
        try {
            return new InternalListener(
                    new InetSocketAddress(host, port),
                    tls.internalPort(),
                    services,
                    executor,
                    NodeBroker.messageBytesMax(config.limits()));
        } catch (IOException e) {
            throw new NodeStartException(
                    "cannot listen for other nodes on " + host + ":" + port
                            + ": is the port in use? Give another with internal.port (" + e.getMessage() + ")",
                    e);
        }
    }

    /// The name by which other nodes reach this one.
    private String internalName() {
        var cluster = config.cluster();
        return cluster.internalAdvertisedHost()
                .or(() -> cluster.controllers().size() > 1
                        ? cluster.controller(config.nodeId()).map(NodeConfig.Controller::host)
                        : Optional.empty())
                .orElseGet(() -> advertisedHost(config));
    }

    /// An address at which a node reaches itself.
    private static String reachable(String boundHost) {
        return isWildcard(boundHost) ? InetAddress.getLoopbackAddress().getHostAddress() : boundHost;
    }

    static String advertisedHost(NodeConfig config) {
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

    /// The port for clients; that for nodes if the node is no broker.
    public int clientPort() {
        return broker.map(NodeBroker::clientPort).orElseGet(internal::port);
    }

    /// Where clients reach the node, "host:port"; where nodes do if it is no broker.
    public String clientAddress() {
        return broker.map(NodeBroker::clientAddress)
                .orElseGet(() -> new Endpoint(internalName(), internal.port()).toString());
    }

    /// The port for metrics and probes, if there is one.
    public OptionalInt httpPort() {
        return http.map(port -> OptionalInt.of(port.port())).orElseGet(OptionalInt::empty);
    }

    public String clusterId() {
        return clusterId;
    }

    public BrokerId nodeId() {
        return config.nodeId();
    }

    /// Completes with the cause if the node cannot go on; it should then be closed.
    public CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    /// Stops gracefully: leaderships move away, open streams are told, appends under way are finished, logs are closed
    /// cleanly.
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            broker.ifPresent(NodeBroker::drain);
            parts.close();
        }
    }
}
