package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.client.NewTopic;
import io.weirlog.client.WeirlogClient;
import io.weirlog.testing.FreePorts;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A node that is told to log JSON says nothing else, from its start to its end.
@Timeout(180)
class JsonLogsTest {
    @TempDir
    private Path folder;

    private final int port = FreePorts.next();

    /// What the launcher says at its first use is not the node's.
    @BeforeEach
    void prepare() throws InterruptedException {
        try (var first = Run.weirlog("--version")) {
            first.success();
        }
    }

    private Run node(String... settings) {
        var builder = Run.weirlogBuilder("server");
        for (var setting : List.of(
                "node.id=7",
                "data.dir=" + folder,
                "client.host=127.0.0.1",
                "client.port=" + port,
                "internal.port=0",
                "raft.port=0")) {
            builder.command().addAll(List.of("-c", setting));
        }
        for (var setting : settings) {
            builder.command().addAll(List.of("-c", setting));
        }
        builder.environment().put("WEIRLOG_LOGGING_FORMAT", "json");
        return Run.of(builder);
    }

    @Test
    void everyLineIsAnEventOfTheNode() throws Exception {
        try (var node = node("slow.request.ms=1")) {
            node.line(JsonLogs.saysReady());
            try (var client = WeirlogClient.connect("127.0.0.1:" + port);
                    var producer = client.producer()) {
                client.admin().createTopic(NewTopic.named("orders").withPartitions(1));
                producer.send("orders", "a").get(60, TimeUnit.SECONDS);
            }
            var slow = JsonLogs.event(node.line(line -> line.contains("slow request: append")));
            assertEquals("orders", slow.get("topic").getAsString());
            assertEquals(0, slow.get("partition").getAsInt());
            assertTrue(slow.get("millis").getAsLong() >= 1, slow::toString);
            node.terminate();
            node.exitCode();
            for (var event : JsonLogs.events(node.lines())) {
                assertEquals(7, event.get("node").getAsInt());
                assertFalse(event.has("stackTrace"), event::toString);
            }
        }
    }

    @Test
    void whyItDoesNotStartIsAnEventWithItsStackTrace() throws Exception {
        try (var node = node()) {
            node.line(JsonLogs.saysReady());
            try (var second = node()) {
                assertEquals(1, second.exitCode(), second::output);
                var last = JsonLogs.events(second.lines()).getLast();
                assertEquals("ERROR", last.get("level").getAsString());
                var trace = last.get("stackTrace").getAsString();
                assertTrue(
                        trace.contains(
                                "NodeStartException: " + last.get("message").getAsString()),
                        trace);
                assertTrue(trace.contains("\n\tat io.weirlog."), trace);
            }
        }
    }

    @Test
    void anotherFormatIsRefusedWithTheNamesOfThose() throws Exception {
        try (var node = node("logging.format=xml")) {
            assertEquals(2, node.exitCode(), node::output);
            assertEquals(List.of("weirlog: logging.format: 'xml' is not 'text' or 'json' (flag -c)"), node.lines());
        }
    }
}
