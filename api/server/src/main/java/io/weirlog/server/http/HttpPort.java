package io.weirlog.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Serves `/metrics`, `/healthz` and `/readyz`.
///
/// Whoever is slow to ask or to listen holds one of [#CONNECTIONS_MAX] connections, for at most
/// [#EXCHANGE_SECONDS_MAX] seconds, and nobody else: each exchange has a thread of its own.
public final class HttpPort implements AutoCloseable {
    static final int CONNECTIONS_MAX = 64;
    static final int EXCHANGE_SECONDS_MAX = 10;

    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

    static {
        // The JDK's server reads its limits once, when it is loaded.
        System.setProperty("jdk.httpserver.maxConnections", Integer.toString(CONNECTIONS_MAX));
        System.setProperty("sun.net.httpserver.maxReqTime", Integer.toString(EXCHANGE_SECONDS_MAX));
        System.setProperty("sun.net.httpserver.maxRspTime", Integer.toString(EXCHANGE_SECONDS_MAX));
        System.setProperty("sun.net.httpserver.maxReqHeaders", "50");
    }

    private final HttpServer server;
    private final ExecutorService executor;
    private final NodeMeters meters;
    private final Readiness readiness;

    private HttpPort(HttpServer server, NodeMeters meters, Readiness readiness) {
        this.server = server;
        this.meters = meters;
        this.readiness = readiness;
        this.executor = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("http-", 0).factory());
    }

    /// @throws IOException if the address cannot be listened on
    public static HttpPort open(InetSocketAddress address, NodeMeters meters, Readiness readiness) throws IOException {
        var port = new HttpPort(HttpServer.create(address, CONNECTIONS_MAX), meters, readiness);
        port.server.setExecutor(port.executor);
        port.server.createContext("/", port::answer);
        port.server.start();
        return port;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private record Answer(int status, String type, String body) {}

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var method = exchange.getRequestMethod();
            boolean known = method.equals("GET") || method.equals("HEAD");
            var answer = known
                    ? answer(exchange.getRequestURI().getPath())
                    : new Answer(405, TEXT, "only GET and HEAD are understood\n");
            var bytes = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            if (method.equals("HEAD")) {
                exchange.sendResponseHeaders(answer.status(), -1); // The JDK's way to say: no body.
            } else {
                exchange.sendResponseHeaders(answer.status(), bytes.length);
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    private Answer answer(String path) {
        return switch (path) {
            case "/metrics" -> new Answer(200, PROMETHEUS_TEXT, meters.scrape());
            case "/healthz" -> new Answer(200, TEXT, "alive\n");
            case "/readyz" ->
                switch (readiness.state()) {
                    case Readiness.State.Ready() -> new Answer(200, TEXT, "ready\n");
                    case Readiness.State.NotReady(var why) -> new Answer(503, TEXT, "not ready: " + why + "\n");
                };
            default -> new Answer(404, TEXT, "there are /metrics, /healthz and /readyz\n");
        };
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
