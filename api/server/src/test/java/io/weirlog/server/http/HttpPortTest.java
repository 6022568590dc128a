package io.weirlog.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpPortTest {
    private final AtomicReference<Readiness.State> state =
            new AtomicReference<>(new Readiness.State.NotReady("recovering 3 of 7 partitions"));
    private final NodeMeters meters = new NodeMeters(new BrokerId(7));
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private HttpPort port;

    @BeforeEach
    void open() throws IOException {
        port = HttpPort.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), meters, state::get);
    }

    @AfterEach
    void close() {
        port.close();
        meters.close();
        client.close();
    }

    private HttpResponse<String> ask(String method, String path) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + port.port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(Duration.ofSeconds(10))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void tellsWhyItIsNotReadyUntilItIs() throws Exception {
        assertEquals(200, ask("GET", "/healthz").statusCode());
        var notYet = ask("GET", "/readyz");
        assertEquals(503, notYet.statusCode());
        assertEquals("not ready: recovering 3 of 7 partitions\n", notYet.body());
        state.set(new Readiness.State.Ready());
        assertEquals(200, ask("GET", "/readyz").statusCode());
    }

    @Test
    void showsTheMetersOfTheJvmAndOfTheNode() throws Exception {
        meters.registry().counter("weirlog.test").increment();
        var metrics = ask("GET", "/metrics");
        assertEquals(200, metrics.statusCode());
        assertTrue(metrics.headers().firstValue("Content-Type").orElse("").startsWith("text/plain; version=0.0.4"));
        assertTrue(metrics.body().contains("weirlog_test_total{node=\"7\"} 1.0"), metrics::body);
        for (var meter : new String[] {"jvm_memory_used_bytes", "jvm_threads_live_threads", "process_uptime_seconds"}) {
            assertTrue(metrics.body().contains(meter), meter);
        }
    }

    @Test
    void refusesWhatItDoesNotKnow() throws Exception {
        assertEquals(404, ask("GET", "/").statusCode());
        assertEquals(404, ask("GET", "/metricsx").statusCode());
        assertEquals(405, ask("POST", "/metrics").statusCode());
        var head = ask("HEAD", "/healthz");
        assertEquals(200, head.statusCode());
        assertEquals("", head.body());
    }

    /// Half a request on each of many connections: others are served all the same.
    @Test
    void theSlowHoldUpNobody() throws Exception {
        var slow = new ArrayList<Socket>();
        try {
            for (int i = 0; i < HttpPort.CONNECTIONS_MAX / 2; i++) {
                var socket = new Socket(InetAddress.getLoopbackAddress(), port.port());
                slow.add(socket);
                send(socket, "GET /healthz HTTP/1.1\r\nHost:");
            }
            assertEquals(200, ask("GET", "/healthz").statusCode());
        } finally {
            for (var socket : slow) {
                socket.close();
            }
        }
    }

    /// All connections that there may be are held by some who say nothing, or half of it: others wait, not for ever.
    @Test
    void whoHoardsConnectionsLosesThem() throws Exception {
        var hoarded = new ArrayList<Socket>();
        try {
            for (int i = 0; i < HttpPort.CONNECTIONS_MAX; i++) {
                var socket = new Socket(InetAddress.getLoopbackAddress(), port.port());
                hoarded.add(socket);
                if (i % 2 == 0) {
                    send(socket, "GET /healthz HTTP/1.1\r\nHost:");
                }
            }
            assertThrows(IOException.class, () -> ask("GET", "/healthz"), "there was no room");
            awaitHealth();
            for (var socket : hoarded) {
                socket.setSoTimeout(2_000 * HttpPort.REQUEST_SECONDS_MAX);
                assertEquals(-1, socket.getInputStream().read(), "it was closed");
            }
        } finally {
            for (var socket : hoarded) {
                socket.close();
            }
        }
    }

    private void awaitHealth() throws Exception {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(3 * HttpPort.REQUEST_SECONDS_MAX);
        while (true) {
            try {
                assertEquals(200, ask("GET", "/healthz").statusCode());
                return;
            } catch (IOException refused) {
                assertTrue(System.nanoTime() - deadlineNanos < 0, () -> "it stays out of reach: " + refused);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    /// Who has got an answer and keeps the connection takes no room from others.
    @Test
    void onlySomeConnectionsAreKeptForLater() throws Exception {
        var kept = new ArrayList<Socket>();
        try {
            int closed = 0;
            for (int i = 0; i < HttpPort.CONNECTIONS_MAX; i++) {
                var socket = new Socket(InetAddress.getLoopbackAddress(), port.port());
                kept.add(socket);
                socket.setSoTimeout(10_000);
                send(socket, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
                var lines =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
                assertEquals("HTTP/1.1 200 OK", lines.readLine());
                assertTrue(lines.lines().takeWhile(line -> !line.isEmpty()).count() > 0);
                if (i >= HttpPort.IDLE_CONNECTIONS_MAX) {
                    assertNull(lines.readLine(), "it ended");
                    closed++;
                }
            }
            assertEquals(HttpPort.CONNECTIONS_MAX - HttpPort.IDLE_CONNECTIONS_MAX, closed);
            assertEquals(200, ask("GET", "/healthz").statusCode());
        } finally {
            for (var socket : kept) {
                socket.close();
            }
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void aTakenPortIsAnError() {
        var taken = new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port());
        assertThrows(IOException.class, () -> HttpPort.open(taken, meters, state::get));
    }
}
