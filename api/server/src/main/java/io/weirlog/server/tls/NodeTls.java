package io.weirlog.server.tls;

import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.QuorumTls;
import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.request.ClientConnections;
import io.weirlog.tls.TlsFileException;
import io.weirlog.tls.TlsKeys;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/// What a node's ports and its connections to other nodes need of TLS; nothing of it if that is off.
///
/// On the ports for nodes, and towards other nodes, a certificate must also be marked as a node's: a client of the same
/// authority is a stranger there.
public final class NodeTls implements AutoCloseable {
    /// A resumed session skips the look at certificates, and with it their replacement; connections here are few and
    /// live long.
    private static final int SESSION_SECONDS_MAX = 1;

    private final Refusals refusals;
    private final Optional<Active> active;

    private record Active(
            NodeConfig.Tls config,
            TlsKeys keys,
            Own own,
            SslContext clients,
            SslContext nodes,
            SslContext outgoing,
            TlsWatch watch) {}

    /// How the node reaches itself, and by which name its certificate knows it.
    public record Own(String address, String name) {}

    private NodeTls(Refusals refusals, Optional<Active> active) {
        this.refusals = refusals;
        this.active = active;
    }

    /// Nothing is secured.
    public static NodeTls off(MeterRegistry meters) {
        return new NodeTls(new Refusals(meters), Optional.empty());
    }

    /// Reads the files, and goes on to watch them.
    public static NodeTls open(Optional<NodeConfig.Tls> config, Own own, MeterRegistry meters)
            throws NodeStartException {
        if (config.isEmpty()) {
            return off(meters);
        }
        var refusals = new Refusals(meters);
        var tls = config.get();
        try {
            var keys = TlsKeys.open(tls.files());
            checkOwnIdentity(tls, keys);
            var clients = server(tls, keys, keys.trustManager(), clientAuth(tls.clientAuth()));
            var incoming = server(tls, keys, NodeTrust.incoming(keys, tls.nodeIdentity()), ClientAuth.REQUIRE);
            var outgoing = GrpcSslContexts.configure(
                            SslContextBuilder.forClient()
                                    .keyManager(keys.keyManager())
                                    .trustManager(NodeTrust.outgoing(keys, tls.nodeIdentity(), refusals))
                                    .protocols(tls.versionMin().protocols()),
                            SslProvider.JDK)
                    .sessionTimeout(SESSION_SECONDS_MAX)
                    .build();
            var watch = new TlsWatch(keys, tls.reloadInterval(), meters);
            return new NodeTls(refusals, Optional.of(new Active(tls, keys, own, clients, incoming, outgoing, watch)));
        } catch (TlsFileException e) {
            throw new NodeStartException("TLS is on, but " + e.getMessage(), e);
        } catch (SSLException e) {
            throw new NodeStartException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private static void checkOwnIdentity(NodeConfig.Tls tls, TlsKeys keys) throws NodeStartException {
        var own = keys.current().own().orElseThrow();
        var objection = NodeTrust.objection(own.certificate(), tls.nodeIdentity());
        if (objection.isPresent()) {
            throw new NodeStartException("TLS is on, but the certificate in "
                    + tls.files().own().orElseThrow().certificate() + " " + objection.get()
                    + ": other nodes would refuse this one");
        }
    }

    private static ClientAuth clientAuth(NodeConfig.ClientAuth auth) {
        return switch (auth) {
            case NONE -> ClientAuth.NONE;
            case OPTIONAL -> ClientAuth.OPTIONAL;
            case REQUIRED -> ClientAuth.REQUIRE;
        };
    }

    private static SslContext server(NodeConfig.Tls tls, TlsKeys keys, X509ExtendedTrustManager trust, ClientAuth auth)
            throws SSLException {
        return GrpcSslContexts.configure(
                        SslContextBuilder.forServer(keys.keyManager())
                                .trustManager(trust)
                                .clientAuth(auth)
                                .protocols(tls.versionMin().protocols()),
                        SslProvider.JDK)
                .sessionTimeout(SESSION_SECONDS_MAX)
                .build();
    }

    /// For the port for clients.
    public ServerCredentials clientPort(ClientConnections connections) {
        return port("client", active.map(Active::clients), connections::tryEnter);
    }

    /// For the port for other nodes.
    public ServerCredentials internalPort() {
        return port("internal", active.map(Active::nodes), GuardedPort.Gate.OPEN);
    }

    private ServerCredentials port(String name, Optional<SslContext> context, GuardedPort.Gate gate) {
        var begin = context.map(InternalProtocolNegotiators::serverTls)
                .orElseGet(InternalProtocolNegotiators::serverPlaintext);
        return InternalNettyServerCredentials.create(new GuardedPort(name, context.isPresent(), begin, gate, refusals));
    }

    /// A connection to another node's port for nodes, or to this node's own.
    public NettyChannelBuilder channel(Endpoint node) {
        var builder = NettyChannelBuilder.forAddress(node.host(), node.port());
        if (active.isEmpty()) {
            return builder.usePlaintext();
        }
        var own = active.get().own();
        if (node.host().equals(own.address())) {
            // The certificate is for the name, by which others come too, and not for the loopback address.
            builder.overrideAuthority(new Endpoint(own.name(), node.port()).toString());
        }
        return builder.sslContext(active.get().outgoing());
    }

    /// For the port of the metadata quorum.
    public Optional<QuorumTls> quorum() {
        return active.map(tls -> new QuorumTls(
                tls.keys().keyManager(),
                NodeTrust.both(tls.keys(), tls.config().nodeIdentity(), refusals),
                tls.config().versionMin().protocols()));
    }

    @Override
    public void close() {
        active.ifPresent(tls -> tls.watch().close());
    }
}
