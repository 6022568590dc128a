package io.weirlog.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Serves `/metrics`, `/healthz` and `/readyz`, and topics and records below `/v1/` where that is wanted.
///
/// Whoever is slow to ask or to listen holds one of [#CONNECTIONS_MAX] connections, for at most [#REQUEST_SECONDS_MAX]
/// and [#RESPONSE_SECONDS_MAX] seconds, and nobody else: each exchange has a thread of its own. Who says nothing at all
/// is slow to ask, too. Of connections that may be used again, [#IDLE_CONNECTIONS_MAX] are kept for [#IDLE_SECONDS_MAX]
/// seconds, and further ones are closed after their answer. One connection too many is closed at once.
///
/// The JDK's server shows nobody a connection before it has a whole request on it, so that addresses have no bounds of
/// their own here. Who opens connections again and again can take the port from others for as long as that goes on.
public final class HttpPort implements AutoCloseable {
    static final int CONNECTIONS_MAX = 128;
    static final int IDLE_CONNECTIONS_MAX = 32;
    static final int IDLE_SECONDS_MAX = 30;
    static final int REQUEST_SECONDS_MAX = 10;
    /// More than the longest wait for records, and what it may take besides.
    static final int RESPONSE_SECONDS_MAX = 60;

    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

    static {
        // The JDK's server reads its limits once, when it is loaded.
        System.setProperty("jdk.httpserver.maxConnections", Integer.toString(CONNECTIONS_MAX));
        System.setProperty("sun.net.httpserver.maxIdleConnections", Integer.toString(IDLE_CONNECTIONS_MAX));
        System.setProperty("sun.net.httpserver.idleInterval", Integer.toString(IDLE_SECONDS_MAX));
        System.setProperty("sun.net.httpserver.clockTick", "1000"); // How often it looks, in milliseconds.
        System.setProperty("sun.net.httpserver.maxReqTime", Integer.toString(REQUEST_SECONDS_MAX));
        System.setProperty("sun.net.httpserver.maxRspTime", Integer.toString(RESPONSE_SECONDS_MAX));
        System.setProperty("sun.net.httpserver.maxReqHeaders", "50");
    }

    private final HttpServer server;
    private final ExecutorService executor;
    private final NodeMeters meters;
    private final Readiness readiness;
    private volatile Optional<JsonApi> records = Optional.empty();

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

    /// Serves topics and records, too, from now on.
    public void serve(JsonApi api) {
        records = Optional.of(api);
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private record Answer(int status, String type, String body) {}

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (exchange.getRequestURI().getRawPath().startsWith(JsonApi.PREFIX)) {
                answerRecords(exchange);
                return;
            }
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

    private void answerRecords(HttpExchange exchange) throws IOException {
        var api = records;
        if (api.isPresent()) {
            api.get().handle(exchange);
        } else {
            HttpAnswer.of(HttpRefusal.of(404, "topics and records are not served here: see http.records.enable"))
                    .send(exchange);
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
