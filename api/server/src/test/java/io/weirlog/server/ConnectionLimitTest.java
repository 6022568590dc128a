package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Attributes;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.tls.DevelopmentCa;
import io.weirlog.server.tls.DevelopmentCa.Validity;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.wire.Problems;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Connections beyond the limits of a node, from two addresses of the loopback interface.
@Timeout(60)
class ConnectionLimitTest {
    private static final String ONE = "127.0.0.1";
    private static final String OTHER = "127.0.0.2";
    /// More than are told why.
    private static final int REFUSED = 200;

    @TempDir
    private Path folder;

    private TestCluster cluster;
    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeEach
    void limit() {
        cluster = new TestCluster(folder.resolve("cluster"), 1, 1)
                .with(ConfigKeys.HTTP_PORT, "0")
                .with(ConfigKeys.CLIENT_MAX_CONNECTIONS, "3")
                .with(ConfigKeys.CLIENT_MAX_CONNECTIONS_PER_ADDRESS, "2");
    }

    @AfterEach
    void stop() {
        channels.forEach(ManagedChannel::shutdownNow);
        cluster.close();
    }

    private int port() {
        return cluster.node(1).node.clientPort();
    }

    private ManagedChannel channel(String from) {
        return channel(from, NettyChannelBuilder::usePlaintext);
    }

    private ManagedChannel channel(String from, UnaryOperator<NettyChannelBuilder> security) {
        var channel = security.apply(NettyChannelBuilder.forAddress(ONE, port())
                        .localSocketPicker(new NettyChannelBuilder.LocalSocketPicker() {
                            @Override
                            public InetSocketAddress createSocketAddress(SocketAddress remote, Attributes attributes) {
                                return new InetSocketAddress(from, 0);
                            }
                        }))
                .build();
        channels.add(channel);
        return channel;
    }

    private static void call(ManagedChannel channel) {
        var described = ClusterServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .describeCluster(DescribeClusterRequest.getDefaultInstance());
        assertEquals(1, described.getBrokersCount());
    }

    private static void refused(ManagedChannel channel, String key) {
        var failure = assertThrows(StatusRuntimeException.class, () -> call(channel));
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, failure.getStatus().getCode(), failure::getMessage);
        var problem = Problems.fromThrowable(failure);
        assertEquals(ErrorReason.ERROR_REASON_OVERLOADED, problem.getReason());
        assertTrue(problem.hasRetryDelay(), problem::toString);
        assertTrue(problem.getMessage().contains("(" + key + ")"), problem::getMessage);
    }

    @Test
    void whoHasTooManyIsRefusedWhileOthersGoOn() throws Exception {
        cluster.start(1);
        var first = channel(ONE);
        var second = channel(ONE);
        call(first);
        call(second);
        refused(channel(ONE), "client.max.connections.per.address");
        var other = channel(OTHER);
        call(other);
        refused(channel(OTHER), "client.max.connections");
        refused(channel(OTHER), "client.max.connections");
        call(first);
        call(second);
        call(other);
        await(3, "weirlog_connections_open{");
        await(1, "weirlog_connections_refused_total{limit=\"address\"");
        await(2, "weirlog_connections_refused_total{limit=\"node\"");
        // Room is given back.
        second.shutdownNow();
        await(2, "weirlog_connections_open{");
        call(channel(OTHER));
        call(first);
    }

    @Test
    void connectionsThatSayNothingCountAndDoNotStay() throws Exception {
        cluster.start(1);
        var first = socket();
        try (var _ = socket()) {
            await(2, "weirlog_connections_open{");
            var refused = new ArrayList<Socket>();
            for (var i = 0; i < REFUSED; i++) {
                refused.add(socket());
            }
            for (var socket : refused) {
                assertEnded(socket);
            }
            await(REFUSED, "weirlog_connections_refused_total{limit=\"address\"");
            call(channel(OTHER));
            first.close();
            await(2, "weirlog_connections_open{");
            call(channel(ONE));
            await(3, "weirlog_connections_open{");
        }
        await(2, "weirlog_connections_open{");
    }

    /// Whatever was sent before. Waiting for it in vain fails otherwise.
    private static void assertEnded(Socket socket) throws IOException {
        try (socket) {
            socket.getInputStream().readAllBytes();
        } catch (SocketException _) {
            // It was reset, which is an end, too.
        }
    }

    @Test
    void whoSpeaksTlsIsToldTheSame() throws Exception {
        var valid = new Validity(Instant.now(), Duration.ofDays(1));
        var authority = DevelopmentCa.create("CA", valid);
        var own = authority.node("node", List.of(ONE, "localhost"), valid);
        cluster.with(ConfigKeys.TLS_MODE, "on")
                .with(ConfigKeys.TLS_CA, file("ca.crt", authority.certificatePem()))
                .with(ConfigKeys.TLS_CERTIFICATE, file("own.crt", own.certificatePem()))
                .with(ConfigKeys.TLS_KEY, file("own.key", own.keyPem()))
                .start(1);
        var trusting = GrpcSslContexts.forClient()
                .trustManager(folder.resolve("ca.crt").toFile())
                .build();
        for (var i = 0; i < 2; i++) {
            call(channel(ONE, builder -> builder.sslContext(trusting)));
        }
        refused(channel(ONE, builder -> builder.sslContext(trusting)), "client.max.connections.per.address");
        call(channel(OTHER, builder -> builder.sslContext(trusting)));
        refused(channel(OTHER, builder -> builder.sslContext(trusting)), "client.max.connections");
        channels.forEach(ManagedChannel::shutdownNow);
        await(0, "weirlog_connections_open{");
        call(channel(ONE, builder -> builder.sslContext(trusting)));
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private Socket socket() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    /// Ends of connections are seen a moment later.
    private void await(double wanted, String metric) throws Exception {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (value(metric) != wanted) {
            assertTrue(System.nanoTime() - deadlineNanos < 0, () -> metric + " is not " + wanted);
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private double value(String metric) throws Exception {
        var uri = "http://127.0.0.1:" + cluster.node(1).node.httpPort().orElseThrow() + "/metrics";
        try (var http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(uri))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            var body = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            return body.lines()
                    .filter(line -> line.startsWith(metric))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        }
    }
}
