package io.weirlog.server.http;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// What a request over HTTP is answered with.
record HttpAnswer(int status, JsonObject body) {

    static HttpAnswer of(HttpRefusal refusal) {
        var body = new JsonObject();
        body.add("error", HttpErrors.error(refusal.problem()));
        return new HttpAnswer(refusal.status(), body);
    }

    void send(HttpExchange exchange) throws IOException {
        var bytes = (body + "\n").getBytes(StandardCharsets.UTF_8);
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Type", RequestBody.JSON);
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Connection", "close");
        if (status == 429 || status == 503) {
            headers.set("Retry-After", "1");
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1); // The JDK's way to say: no body.
        } else {
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }
}
