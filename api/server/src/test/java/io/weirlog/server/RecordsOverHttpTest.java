package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.weirlog.server.config.ConfigKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two brokers, each of which serves records over HTTP; the second leads some partitions of "orders" and relays for the
/// others.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordsOverHttpTest {
    private static final Path PAGE = Path.of("../../docs/shell.md");
    private static final int PARTITIONS = 4;
    /// As many as are served at a time.
    private static final int REQUESTS_MAX = 32;

    private final HttpClient client = HttpClient.newHttpClient();
    private TestCluster cluster;

    @BeforeAll
    void start(@TempDir Path folder) throws IOException {
        cluster = new TestCluster(folder, 2, 1)
                .with(ConfigKeys.HTTP_PORT, "0")
                .with(ConfigKeys.HTTP_RECORDS_ENABLE, "true");
        cluster.start(1, 2);
        cluster.node(1).createTopic("orders", PARTITIONS, Map.of());
    }

    @AfterAll
    void stop() {
        cluster.close();
        client.close();
    }

    private HttpRequest.Builder request(int node, String path) {
        var port = cluster.node(node).node.httpPort().orElseThrow();
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30));
    }

    private HttpResponse<String> get(int node, String path) throws Exception {
        return client.send(request(node, path).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(int node, String path, String body) throws Exception {
        var request = request(node, path)
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(BodyPublishers.ofString(body))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private static JsonObject ok(HttpResponse<String> response) {
        assertEquals(200, response.statusCode(), response::body);
        assertEquals(
                "application/json",
                response.headers().firstValue("Content-Type").orElse(""));
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private static JsonObject error(HttpResponse<String> response, int status, String code, String part) {
        assertEquals(status, response.statusCode(), response::body);
        var error = JsonParser.parseString(response.body()).getAsJsonObject().getAsJsonObject("error");
        assertEquals(code, error.get("code").getAsString(), error::toString);
        assertTrue(error.get("message").getAsString().contains(part), error::toString);
        return error;
    }

    @Test
    void anyBrokerTakesAndGivesTheRecordsOfAnyPartition() throws Exception {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            var written = ok(post(2, "/v1/topics/orders/records", """
                    {"partition": %d, "acks": "all", "timeout": "10s", "compression": "zstd", "records": [
                      {"key": "ann", "value": "zwei Bücher", "timestamp": "2026-01-31T12:00:00Z",
                       "headers": [{"key": "from", "value": "shop"}, {"key": "empty", "value": null}]},
                      {"key": {"base64": "/w=="}, "value": {"base64": "/wA="}},
                      {"value": null}]}""".formatted(partition)));
            var result = written.getAsJsonArray("results").get(0).getAsJsonObject();
            assertEquals(partition, result.get("partition").getAsInt());
            assertEquals(3, result.get("record_count").getAsInt());
            assertEquals("fsync", result.get("durability").getAsString());
            var base = result.get("base_offset").getAsLong();
            var read = ok(get(1, "/v1/topics/orders/records?partition=" + partition + "&offset=" + base));
            assertEquals(base + 3, read.get("next_offset").getAsLong());
            assertEquals(
                    """
                    [{"offset":%d,"timestamp":"2026-01-31T12:00:00Z","key":"ann","value":"zwei Bücher",\
                    "headers":[{"key":"from","value":"shop"},{"key":"empty","value":null}]}]""".formatted(base),
                    read(partition, "offset=" + base + "&max_records=1")
                            .get("records")
                            .toString());
            var second = read.getAsJsonArray("records").get(1).getAsJsonObject();
            assertEquals("{\"base64\":\"/w==\"}", second.get("key").toString());
            assertEquals("{\"base64\":\"/wA=\"}", second.get("value").toString());
            assertTrue(read.getAsJsonArray("records")
                    .get(2)
                    .getAsJsonObject()
                    .get("value")
                    .isJsonNull());
            var cut = read(partition, "offset=" + base + "&max_records=1&encoding=base64");
            assertEquals(base + 1, cut.get("next_offset").getAsLong());
            assertTrue(cut.toString().contains("\"key\":{\"base64\":\"YW5u\"}"), cut::toString);
        }
    }

    private JsonObject read(int partition, String parameters) throws Exception {
        return ok(get(2, "/v1/topics/orders/records?partition=" + partition + "&" + parameters));
    }

    @Test
    void recordsWithKeysGoToTheirPartitions() throws Exception {
        var records = new ArrayList<String>();
        for (int i = 0; i < 40; i++) {
            records.add("{\"key\": \"key %d\", \"value\": \"%d\"}".formatted(i, i));
        }
        cluster.node(1).createTopic("spread", PARTITIONS, Map.of());
        var answer = ok(post(1, "/v1/topics/spread/records", "{\"records\": " + records + "}"));
        var indexes = 0;
        for (var result : answer.getAsJsonArray("results")) {
            indexes += result.getAsJsonObject().getAsJsonArray("record_indexes").size();
        }
        assertEquals(40, indexes, answer::toString);
    }

    @Test
    void aReaderWaitsForRecords() throws Exception {
        cluster.node(1).createTopic("waiting", 1, Map.of());
        var empty = ok(get(2, "/v1/topics/waiting/records?partition=0&offset=latest&wait=1ms"));
        assertEquals(0, empty.getAsJsonArray("records").size());
        var waiting = client.sendAsync(
                request(2, "/v1/topics/waiting/records?partition=0&offset=0&wait=20s")
                        .build(),
                BodyHandlers.ofString());
        ok(post(1, "/v1/topics/waiting/records", "{\"records\": [{\"value\": \"here\"}]}"));
        assertEquals(
                1,
                ok(waiting.get(15, TimeUnit.SECONDS)).getAsJsonArray("records").size());
    }

    @Test
    void anAppendThatIsSentAgainIsThereOnce() throws Exception {
        cluster.node(1).createTopic("once", 1, Map.of());
        var body = """
                {"partition": 0, "producer": {"client_id": "a shell", "base_sequence": 0},
                 "records": [{"value": "one"}]}""";
        ok(post(1, "/v1/topics/once/records", body));
        assertTrue(post(2, "/v1/topics/once/records", body).body().contains("\"repeated\":true"));
        assertEquals(List.of("one"), cluster.node(1).values("once", 0));
        var elsewhere = error(post(1, "/v1/topics/once/records", """
                        {"partition": 0, "expected_base_offset": 0, "records": [{"value": "two"}]}"""), 409, "ABORTED", "somebody else");
        assertEquals("NOT_APPENDED", elsewhere.get("outcome").getAsString());
        assertEquals(
                "1", elsewhere.getAsJsonObject("metadata").get("log_end_offset").getAsString());
    }

    @Test
    void topicsAreShown() throws Exception {
        assertTrue(ok(get(2, "/v1/topics?page_size=1")).has("next_page_token"));
        var topic = ok(get(2, "/v1/topics/orders"));
        assertEquals(PARTITIONS, topic.getAsJsonArray("partitions").size());
        assertEquals("fsync", topic.getAsJsonObject("configs").get("durability").getAsString());
    }

    @Test
    void mistakesAreExplained() throws Exception {
        var records = "/v1/topics/orders/records";
        for (var body : List.of(
                "",
                "{",
                "[]",
                "nonsense",
                "{\"records\": []} {}",
                "{\"records\": [{}]}",
                "{\"records\": [{\"valeu\": \"x\"}]}",
                "{\"records\": [{\"value\": 1}]}",
                "{\"records\": [{\"value\": {\"base64\": \"?\"}}]}",
                "{\"records\": [{\"value\": \"\\ud800\"}]}",
                "{\"records\": [{\"value\": \"x\", \"timestamp\": \"noon\"}]}",
                "{\"records\": [{\"value\": \"x\"}], \"partition\": 1e99999999}",
                "{\"records\": [{\"value\": \"x\"}], \"timeout\": \"1h\"}",
                "{\"records\": [{\"value\": \"x\"}], \"acks\": \"some\"}",
                "{\"records\": " + "[".repeat(10_000) + "}",
                "{\"records\": []}")) {
            error(post(1, records, body), 400, "INVALID_ARGUMENT", "");
        }
        error(post(1, records, "{\"records\": [{\"valeu\": \"x\"}]}"), 400, "INVALID_ARGUMENT", "no field 'valeu'");
        for (var parameters : List.of(
                "",
                "?partition=x",
                "?partition=-1",
                "?partition=0&offset=soon",
                "?partition=0&wait=5",
                "?partition=0&wait=1h",
                "?partition=0&partition=0",
                "?partition=0&ofset=1",
                "?partition=0&encoding=utf8",
                "?partition=0&max_records=0")) {
            error(get(1, records + parameters), 400, "INVALID_ARGUMENT", "");
        }
        error(get(1, "/v1/topics/nowhere"), 404, "NOT_FOUND", "create it first");
        var unknown = error(
                post(1, "/v1/topics/nowhere/records", "{\"records\": [{\"value\": \"x\"}]}"),
                404,
                "NOT_FOUND",
                "nowhere");
        assertEquals("UNKNOWN_TOPIC", unknown.get("reason").getAsString());
        assertEquals("NOT_APPENDED", unknown.get("outcome").getAsString());
        error(get(1, records + "?partition=9"), 404, "NOT_FOUND", "it has 4");
        error(get(1, records + "?partition=0&offset=999"), 400, "OUT_OF_RANGE", "begin at one of these");
        error(get(1, "/v1/nothing"), 404, "INVALID_ARGUMENT", "/v1/topics");
        error(post(1, "/v1/topics", "{}"), 405, "INVALID_ARGUMENT", "GET only");
    }

    @Test
    void whatIsNotJsonOrTooMuchOfItIsRefused() throws Exception {
        var records = request(1, "/v1/topics/orders/records");
        var form = records.copy()
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("records=x"))
                .build();
        error(client.send(form, BodyHandlers.ofString()), 415, "INVALID_ARGUMENT", "Content-Type");
        var put = records.copy().PUT(BodyPublishers.ofString("{}")).build();
        var refused = client.send(put, BodyHandlers.ofString());
        error(refused, 405, "INVALID_ARGUMENT", "GET and POST");
        assertEquals("GET, POST", refused.headers().firstValue("Allow").orElse(""));
        var large = "{\"records\": [{\"value\": \"" + "x".repeat(1 << 20) + "\"}]}";
        error(post(1, "/v1/topics/orders/records", large), 413, "INVALID_ARGUMENT", "1048576");
        var chunked = records.copy()
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8))))
                .build();
        error(client.send(chunked, BodyHandlers.ofString()), 413, "INVALID_ARGUMENT", "1048576");
        var invalid = records.copy()
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(new byte[] {'"', (byte) 0xff, '"'}))
                .build();
        error(client.send(invalid, BodyHandlers.ofString()), 400, "INVALID_ARGUMENT", "UTF-8");
    }

    /// Bodies that never end hold all the places there are for records, and nothing else; and none for ever.
    @Test
    void theSlowHoldUpNoProbe() throws Exception {
        var slow = new ArrayList<Socket>();
        try {
            var answer = get(2, "/v1/topics");
            // A place that the request itself holds is lost to one of the slow: a few more of them are needed.
            while (answer.statusCode() == 200 && slow.size() < 2 * REQUESTS_MAX) {
                slow.add(slow());
                answer = slow.size() < REQUESTS_MAX ? answer : get(2, "/v1/topics");
            }
            error(answer, 429, "RESOURCE_EXHAUSTED", "32 requests");
            assertEquals("1", answer.headers().firstValue("Retry-After").orElse(""));
            assertEquals(200, get(2, "/healthz").statusCode());
            assertEquals(200, get(2, "/metrics").statusCode());
        } finally {
            for (var socket : slow) {
                socket.close();
            }
        }
        var again = get(2, "/v1/topics");
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (again.statusCode() != 200 && System.nanoTime() - deadlineNanos < 0) {
            again = get(2, "/v1/topics");
        }
        ok(again);
    }

    /// A request whose body does not come to its end.
    private Socket slow() throws IOException {
        var socket = new Socket(
                InetAddress.getLoopbackAddress(),
                cluster.node(2).node.httpPort().orElseThrow());
        socket.getOutputStream().write("""
                POST /v1/topics/orders/records HTTP/1.1\r
                Host: localhost\r
                Content-Type: application/json\r
                Content-Length: 100\r
                \r
                {"rec""".getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    @Test
    void itIsOffUnlessItIsWanted(@TempDir Path folder) throws Exception {
        try (var quiet = new TestCluster(folder, 1, 1).with(ConfigKeys.HTTP_PORT, "0")) {
            quiet.start(1);
            var port = quiet.node(1).node.httpPort().orElseThrow();
            var asked = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/topics"))
                    .build();
            error(client.send(asked, BodyHandlers.ofString()), 404, "INVALID_ARGUMENT", "http.records.enable");
        }
    }

    /// The `curl` commands of the page, in their order.
    @Test
    void theDocumentedCommandsWork() throws Exception {
        var address = "127.0.0.1:" + cluster.node(2).node.httpPort().orElseThrow();
        assumeTrue(shell("curl --version").exit == 0, "curl is not installed");
        cluster.node(1).createTopic("greetings", 1, Map.of());
        var all = new StringBuilder();
        for (var line : Files.readAllLines(PAGE)) {
            if (line.startsWith("curl ")) {
                var run = shell(line.replace("127.0.0.1:7180", address));
                assertEquals(0, run.exit, () -> line + "\n" + run.output);
                all.append(run.output);
            }
        }
        for (var part :
                List.of("\"base_offset\":0", "\"value\":\"hello\"", "\"base64\"", "UNKNOWN_TOPIC", "\"topics\"")) {
            assertTrue(all.toString().contains(part), () -> part + " is missing in\n" + all);
        }
    }

    private record Run(int exit, String output) {}

    private static Run shell(String command) throws IOException, InterruptedException {
        var process = new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), command);
        return new Run(process.exitValue(), output);
    }
}
