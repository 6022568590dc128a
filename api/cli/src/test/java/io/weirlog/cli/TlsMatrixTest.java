package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.weirlog.client.TlsException;
import io.weirlog.client.TlsOptions;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKey;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.tls.DevelopmentCa;
import io.weirlog.testing.FreePorts;
import io.weirlog.tls.TlsFailure;
import io.weirlog.tls.TlsFailure.Kind;
import io.weirlog.tls.TlsFiles;
import io.weirlog.tls.TlsKeys;
import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.ListTopicsRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every kind of caller at every kind of port: those who may get an answer, the others a cause.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsMatrixTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Path folder;
    private final Map<Mode, Node> nodes = new TreeMap<>();
    private final Map<Mode, Integer> internalPorts = new TreeMap<>();
    private final Map<Mode, Integer> raftPorts = new TreeMap<>();
    private final TlsScene scene;
    private final TlsScene foreign;

    /// @param folder given here, as it is not there yet when the fields begin
    TlsMatrixTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        this.scene = TlsScene.in(folder.resolve("own"));
        this.foreign = TlsScene.in(folder.resolve("foreign"));
    }

    enum Mode {
        PLAIN,
        TLS,
        MUTUAL
    }

    enum Port {
        CLIENT,
        INTERNAL,
        RAFT
    }

    /// Who calls, and what it shows.
    enum Caller {
        PLAINTEXT,
        CLIENT,
        NODE,
        NO_CERTIFICATE,
        EXPIRED_CLIENT,
        EXPIRED_NODE,
        FOREIGN_CLIENT,
        FOREIGN_NODE,
        /// Trusts another authority than the one that signed for the port.
        MISTRUSTING
    }

    @BeforeAll
    void start() throws Exception {
        var own = scene.node("node", TlsScene.valid());
        for (var mode : Mode.values()) {
            internalPorts.put(mode, FreePorts.next());
            raftPorts.put(mode, FreePorts.next());
            Map<ConfigKey<?>, String> ports = Map.of(
                    ConfigKeys.INTERNAL_PORT, Integer.toString(port(internalPorts, mode)),
                    ConfigKeys.RAFT_PORT, Integer.toString(port(raftPorts, mode)));
            Map<ConfigKey<?>, String> tls = switch (mode) {
                case PLAIN -> Map.of();
                case TLS -> scene.settings(own);
                case MUTUAL -> {
                    var settings = new HashMap<>(scene.settings(own));
                    settings.put(ConfigKeys.TLS_CLIENT_AUTH, "required");
                    settings.put(ConfigKeys.TLS_MIN_VERSION, "1.2");
                    yield settings;
                }
            };
            nodes.put(mode, Node.start(TlsScene.config(folder.resolve(mode.name()), List.of(ports, tls))));
        }
    }

    @AfterAll
    void stop() {
        nodes.values().forEach(Node::close);
    }

    /// @param failure empty: the call is answered
    record Case(Mode mode, Port port, Caller caller, Optional<Kind> failure) {}

    static Stream<Case> cases() {
        return Stream.of(
                        clientPort(Mode.PLAIN),
                        clientPort(Mode.TLS),
                        clientPort(Mode.MUTUAL),
                        nodePort(Mode.PLAIN, Port.INTERNAL),
                        nodePort(Mode.TLS, Port.INTERNAL),
                        nodePort(Mode.MUTUAL, Port.INTERNAL),
                        nodePort(Mode.TLS, Port.RAFT))
                .flatMap(cases -> cases);
    }

    private static Stream<Case> clientPort(Mode mode) {
        return Stream.of(Caller.values())
                .map(caller -> new Case(
                        mode,
                        Port.CLIENT,
                        caller,
                        switch (mode) {
                            case PLAIN -> caller == Caller.PLAINTEXT ? Optional.empty() : Optional.of(Kind.PLAINTEXT);
                            case TLS -> withoutClientAuth(caller);
                            case MUTUAL -> withClientAuth(caller);
                        }));
    }

    private static Optional<Kind> withoutClientAuth(Caller caller) {
        return switch (caller) {
            case PLAINTEXT -> Optional.of(Kind.PLAINTEXT);
            case MISTRUSTING -> Optional.of(Kind.UNKNOWN_AUTHORITY);
            case CLIENT, NODE, NO_CERTIFICATE, EXPIRED_CLIENT, EXPIRED_NODE, FOREIGN_CLIENT, FOREIGN_NODE ->
                Optional.empty();
        };
    }

    private static Optional<Kind> withClientAuth(Caller caller) {
        return switch (caller) {
            case PLAINTEXT -> Optional.of(Kind.PLAINTEXT);
            case CLIENT, NODE -> Optional.empty();
            case NO_CERTIFICATE -> Optional.of(Kind.NO_CERTIFICATE);
            case EXPIRED_CLIENT, EXPIRED_NODE, FOREIGN_CLIENT, FOREIGN_NODE -> Optional.of(Kind.REFUSED_BY_PEER);
            case MISTRUSTING -> Optional.of(Kind.UNKNOWN_AUTHORITY);
        };
    }

    /// For nodes only, whatever is asked of clients.
    private static Stream<Case> nodePort(Mode mode, Port port) {
        return Stream.of(Caller.values())
                .map(caller -> new Case(
                        mode,
                        port,
                        caller,
                        mode == Mode.PLAIN
                                ? caller == Caller.PLAINTEXT ? Optional.empty() : Optional.of(Kind.PLAINTEXT)
                                : caller == Caller.CLIENT ? Optional.of(Kind.REFUSED_BY_PEER) : withClientAuth(caller)))
                // Ratis ends such a connection without a word.
                .filter(one -> port != Port.RAFT || one.caller() != Caller.PLAINTEXT);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whoMayIsAnsweredAndTheOthersAreToldWhy(Case one) throws Exception {
        int port = switch (one.port()) {
            case CLIENT -> node(one.mode()).clientPort();
            case INTERNAL -> port(internalPorts, one.mode());
            case RAFT -> port(raftPorts, one.mode());
        };
        assertEquals(one.failure(), call(port, one.caller()));
    }

    private Node node(Mode mode) {
        return Optional.ofNullable(nodes.get(mode)).orElseThrow();
    }

    private static int port(Map<Mode, Integer> ports, Mode mode) {
        return Optional.ofNullable(ports.get(mode)).orElseThrow();
    }

    private Optional<Kind> call(int port, Caller caller) throws IOException {
        return switch (caller) {
            case PLAINTEXT -> call(port, Optional.empty());
            case CLIENT -> call(port, Optional.of(showing(scene.client("client", TlsScene.valid()))));
            case NODE -> call(port, Optional.of(showing(scene.node("other-node", TlsScene.valid()))));
            case NO_CERTIFICATE -> call(port, Optional.of(TlsOptions.trusting(scene.ca())));
            case FOREIGN_CLIENT -> call(port, Optional.of(showing(foreign.client("client", TlsScene.valid()))));
            case FOREIGN_NODE -> call(port, Optional.of(showing(foreign.node("node", TlsScene.valid()))));
            case MISTRUSTING ->
                call(
                        port,
                        Optional.of(TlsOptions.trusting(foreign.ca())
                                .withCertificate(
                                        scene.folder().resolve("node.crt"),
                                        scene.folder().resolve("node.key"))));
            // Our own client would not begin with such a certificate.
            case EXPIRED_CLIENT -> callAnyhow(port, scene.client("expired-client", TlsScene.over()));
            case EXPIRED_NODE -> callAnyhow(port, scene.node("expired-node", TlsScene.over()));
        };
    }

    private TlsOptions showing(TlsScene.Pair own) {
        return TlsOptions.trusting(scene.ca()).withCertificate(own.certificate(), own.key());
    }

    /// An answer is any word of the other side's gRPC: not all ports know the call.
    private static Optional<Kind> call(int port, Optional<TlsOptions> tls) {
        var builder = WeirlogClient.builder().bootstrap("127.0.0.1:" + port).requestTimeout(TIMEOUT);
        tls.ifPresent(builder::tls);
        try (var client = builder.build()) {
            client.admin().listTopics();
            return Optional.empty();
        } catch (TlsException e) {
            assertTrue(e.getMessage().startsWith("no secure connection: "), e.getMessage());
            return Optional.of(Kind.valueOf(String.valueOf(e.metadata().get("tls_failure"))));
        } catch (WeirlogException e) {
            assertTrue(
                    e.code() == Status.Code.UNIMPLEMENTED || e.getMessage().contains("for voters only"),
                    e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Kind> callAnyhow(int port, TlsScene.Pair own) throws IOException {
        var context = GrpcSslContexts.forClient()
                .keyManager(own.certificate().toFile(), own.key().toFile())
                .trustManager(scene.ca().toFile())
                .build();
        return call(NettyChannelBuilder.forAddress("127.0.0.1", port)
                .sslContext(context)
                .build());
    }

    private static Optional<Kind> call(ManagedChannel channel) {
        try {
            ask(channel);
            return Optional.empty();
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
                return Optional.empty();
            }
            return Optional.of(TlsFailure.of(e).orElseThrow(() -> e).kind());
        } finally {
            channel.shutdownNow();
        }
    }

    private static void ask(Channel channel) {
        AdminServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .listTopics(ListTopicsRequest.getDefaultInstance());
    }

    @Test
    void aClientNamesWhatIsWrongWithABrokersCertificate() throws Exception {
        var elsewhere = scene.authority().node("elsewhere", List.of("broker.example.org"), TlsScene.valid());
        assertSays(
                scene.write("elsewhere", elsewhere),
                "the certificate of CN=elsewhere is for the hosts [broker.example.org] and not for 127.0.0.1");
        assertSays(
                scene.node("old", TlsScene.over()),
                "the certificate of CN=old, or one above it, has expired: it was valid until ");
        assertSays(
                foreign.node("stranger", TlsScene.valid()),
                "the certificate of CN=stranger is not signed by an authority in " + scene.ca()
                        + ", but by CN=Test CA");
        assertSays(
                scene.client("no-server", TlsScene.valid()),
                "the certificate of CN=no-server is refused: Extended key usage");
    }

    private void assertSays(TlsScene.Pair shown, String message) throws Exception {
        var server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sslContext(GrpcSslContexts.forServer(
                                shown.certificate().toFile(), shown.key().toFile())
                        .build())
                .build()
                .start();
        try {
            var said = Console.run(
                    "topic",
                    "list",
                    "-b",
                    "127.0.0.1:" + server.getPort(),
                    "--tls-ca",
                    scene.ca().toString());
            assertEquals(1, said.code(), said.err());
            assertTrue(
                    said.err()
                            .startsWith(
                                    "weirlog: no secure connection: 127.0.0.1:" + server.getPort() + ": " + message),
                    said.err());
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void commandsSpeakTls() throws Exception {
        var own = scene.client("shown", TlsScene.valid());
        var secured = List.of(
                "-b",
                "127.0.0.1:" + node(Mode.MUTUAL).clientPort(),
                "--tls-ca",
                scene.ca().toString(),
                "--tls-certificate",
                own.certificate().toString(),
                "--tls-key",
                own.key().toString());
        assertEquals(0, run(secured, "topic", "create", "over-tls").code());
        assertEquals(List.of("over-tls"), topics(run(secured, "topic", "list")));
        var bare = run(secured.subList(0, 2), "topic", "list");
        assertEquals(1, bare.code());
        assertTrue(bare.err().contains("it speaks TLS only, and this client does not"), bare.err());
        var half = run(secured.subList(0, 6), "topic", "list");
        assertEquals(2, half.code());
        assertTrue(half.err().contains("--tls-certificate and --tls-key go together"), half.err());
    }

    private static List<String> topics(Console listed) {
        return listed.lines().stream()
                .skip(1)
                .map(line -> line.substring(0, line.indexOf(' ')))
                .toList();
    }

    private static Console run(List<String> options, String... command) {
        return Console.run(Stream.concat(Stream.of(command), options.stream()).toArray(String[]::new));
    }

    /// A file that cannot be used is named, and so is what to do.
    @Test
    void aNodeDoesNotStartWithFilesOfNoUse() throws Exception {
        var good = scene.node("good", TlsScene.valid());
        var other = scene.node("other", TlsScene.valid());
        var client = scene.client("client-only", TlsScene.valid());
        var old = scene.node("over", TlsScene.over());
        var gone = Path.of("gone.key");
        assertRefused(
                new TlsScene.Pair(good.certificate(), other.key()),
                "the key in " + other.key() + " does not belong to the certificate in " + good.certificate());
        assertRefused(new TlsScene.Pair(good.certificate(), gone), "cannot read gone.key: does it exist");
        assertRefused(new TlsScene.Pair(good.key(), good.key()), good.key() + " holds no certificate: it must be PEM");
        assertRefused(
                new TlsScene.Pair(good.certificate(), good.certificate()),
                good.certificate() + " holds no private key: it must be PEM");
        assertRefused(old, old.certificate() + ": the certificate expired at ");
        assertRefused(
                client,
                "the certificate in " + client.certificate()
                        + " is not a node's: it has none of the names in tls.node.identity [uri:urn:weirlog:node]");
    }

    private void assertRefused(TlsScene.Pair own, String message) {
        var started = new ArrayList<String>(List.of("server", "-c", "data.dir=" + folder.resolve("never")));
        scene.settings(own).forEach((key, value) -> started.addAll(List.of("-c", key.name() + "=" + value)));
        started.addAll(List.of("-c", "http.port=off", "-c", "client.port=0", "-c", "internal.port=0"));
        started.addAll(List.of("-c", "raft.port=0"));
        var refused = Console.run(started.toArray(String[]::new));
        assertEquals(1, refused.code());
        assertTrue(refused.err().contains("weirlog: TLS is on, but " + message), refused.err());
    }

    @Test
    void anAuthorityForDevelopmentIsMadeOnceAndSignsAgain() throws Exception {
        var made = folder.resolve("made");
        var first = Console.run("tls", "init", made.toString(), "--node", "node-1,127.0.0.1", "--client", "alice");
        assertEquals(0, first.code(), first.err());
        assertTrue(first.out().contains("tls.certificate: " + made.resolve("node-1.crt")), first.out());
        assertEquals(
                Console.failure(1, made.resolve("node-1.crt") + " is there already: give --renew to replace it"),
                Console.run("tls", "init", made.toString(), "--node", "node-1", "--client", "bob"));
        var second = Console.run("tls", "init", made.toString(), "--node", "node-2", "--client", "bob");
        assertEquals(0, second.code(), second.err());
        var ca = DevelopmentCa.load(made.resolve("ca.crt"), made.resolve("ca.key"));
        for (var name : List.of("node-1", "node-2", "alice", "bob")) {
            var keys = TlsKeys.open(
                    TlsFiles.of(made.resolve(name + ".crt"), made.resolve(name + ".key"), made.resolve("ca.crt")));
            keys.current()
                    .own()
                    .orElseThrow()
                    .certificate()
                    .verify(ca.certificate().getPublicKey());
        }
        assertEquals(
                2,
                Console.run("tls", "init", made.toString(), "--node", "../up").code());
    }
}
