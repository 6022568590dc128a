package io.weirlog.server.http;

import com.sun.net.httpserver.HttpExchange;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.weirlog.server.ServerProblems;
import io.weirlog.wire.Problems;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Topics and records over HTTP, in JSON: for people with `curl`. It translates for the gRPC services of this node, so
/// that limits and errors are theirs, and any broker answers.
///
/// Each request has a thread, waits no longer than its deadline, and holds a body of at most [RequestBody#BYTES_MAX];
/// there are [#REQUESTS_MAX] of them at a time. A connection serves one request only: those that many clients keep open
/// would leave none for probes.
public final class JsonApi {
    static final String PREFIX = "/v1/";
    static final int REQUESTS_MAX = 32;

    private static final Logger LOG = LoggerFactory.getLogger(JsonApi.class);

    private final JsonCalls calls;
    private final Semaphore permits = new Semaphore(REQUESTS_MAX);

    /// @param channel to the services of this node
    public JsonApi(Channel channel) {
        this.calls = new JsonCalls(channel);
    }

    void handle(HttpExchange exchange) throws IOException {
        if (!permits.tryAcquire()) {
            HttpAnswer.of(new HttpRefusal(ServerProblems.overloaded(REQUESTS_MAX + " requests over HTTP at a time")))
                    .send(exchange);
            return;
        }
        try {
            answer(exchange).send(exchange);
        } finally {
            permits.release();
        }
    }

    private HttpAnswer answer(HttpExchange exchange) throws IOException {
        try {
            return routed(exchange);
        } catch (HttpRefusal refusal) {
            return HttpAnswer.of(refusal);
        } catch (StatusRuntimeException e) {
            return HttpAnswer.of(new HttpRefusal(Problems.fromThrowable(e)));
        } catch (RuntimeException e) {
            LOG.error("a request over HTTP failed", e);
            return HttpAnswer.of(new HttpRefusal(ServerProblems.internal("the request failed: see the broker's log")));
        }
    }

    private HttpAnswer routed(HttpExchange exchange) throws IOException, HttpRefusal {
        var path =
                exchange.getRequestURI().getRawPath().substring(PREFIX.length()).split("/", -1);
        if (path[0].equals("topics") && path.length == 1) {
            only(exchange, "GET");
            return calls.topics(query(exchange, JsonCalls.LIST_PARAMETERS));
        }
        if (path[0].equals("topics") && path.length == 2) {
            only(exchange, "GET");
            query(exchange, Set.of());
            return calls.topic(Query.decoded(path[1]));
        }
        if (path[0].equals("topics") && path.length == 3 && path[2].equals("records")) {
            only(exchange, "GET", "POST");
            return records(exchange, Query.decoded(path[1]));
        }
        throw HttpRefusal.of(
                404, "there are /v1/topics, /v1/topics/{topic} and /v1/topics/{topic}/records: check the address");
    }

    private HttpAnswer records(HttpExchange exchange, String topic) throws IOException, HttpRefusal {
        if (exchange.getRequestMethod().equals("GET")) {
            return calls.read(topic, query(exchange, JsonCalls.READ_PARAMETERS));
        }
        query(exchange, Set.of());
        return calls.append(topic, RequestBody.json(exchange));
    }

    private static Query query(HttpExchange exchange, Set<String> known) throws HttpRefusal {
        return Query.of(exchange.getRequestURI().getRawQuery(), known);
    }

    private static void only(HttpExchange exchange, String... methods) throws HttpRefusal {
        if (!List.of(methods).contains(exchange.getRequestMethod())) {
            exchange.getResponseHeaders().set("Allow", String.join(", ", methods));
            throw HttpRefusal.of(405, "this address takes " + String.join(" and ", methods) + " only");
        }
    }
}
