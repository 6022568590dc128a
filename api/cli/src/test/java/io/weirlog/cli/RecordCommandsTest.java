package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `produce` and `consume` against one node; each test has topics of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class RecordCommandsTest {
    @TempDir
    private static Path folder;

    private Node node;

    @BeforeAll
    void start() throws Exception {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.DATA_DIR, folder.toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.HTTP_PORT, "off");
        node = switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> Node.start(valid.config());
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
        };
    }

    @AfterAll
    void stop() {
        node.close();
    }

    private Console run(String input, String line) {
        var arguments = Stream.concat(
                        Arrays.stream(line.split(" ")),
                        Stream.of("--bootstrap-server", "127.0.0.1:" + node.clientPort()))
                .toArray(String[]::new);
        return Console.runWithInput(input, arguments);
    }

    private List<String> done(String input, String line) {
        var console = run(input, line);
        assertEquals(0, console.code(), line + ": " + console.err());
        return console.lines();
    }

    @Test
    void keysHeadersAndHexadecimal() {
        done("", "topic create bytes --partitions 2");
        done(
                "c3bc:00ff\n:0a\n",
                "produce bytes --format hex --key-separator : --partition 1 -H source=shop --header a=b");
        done("plain\n", "produce bytes --key fixed --partition 1");
        assertEquals(
                List.of(
                        "bytes\t1\tc3bc\t00ff\tsource=73686f70,a=62",
                        "bytes\t1\t\t0a\tsource=73686f70,a=62",
                        "bytes\t1\t6669786564\t706c61696e\t"),
                done("", "consume bytes --max-records 3 --format hex --print topic,partition,key,value,headers"));
        var odd = run("aabb\nabc\n", "produce bytes --format hex");
        assertEquals(1, odd.code());
        assertTrue(odd.err().contains("line 2 is not hexadecimal; 1 line before it were sent"), odd.err());
        assertEquals(2, run("x\n", "produce bytes --key a --key-separator :").code());
    }

    @Test
    void jsonGoesRound() {
        done("", "topic create source --partitions 3");
        done("", "topic create copy --partitions 3");
        done("""
                {"key":"ann","value":"two","headers":[{"key":"h","value":"1"},{"key":"n","value":null}],"partition":2}
                {"value_base64":"AP8=","timestamp":"2026-01-31T12:00:00Z","partition":0}
                {"key":null,"value":{"a":[1,2]},"partition":1}
                {"key":"gone","value":null,"partition":1}
                """, "produce source --format json --keep-partitions");
        var first = done("", "consume source --max-records 4 -o json");
        done(String.join("\n", first) + "\n", "produce copy --format json --keep-partitions");
        var second = done("", "consume copy --max-records 4 -o json");
        assertEquals(
                first.stream().sorted().toList(),
                second.stream()
                        .map(line -> line.replace("\"copy\"", "\"source\""))
                        .sorted()
                        .toList());
        var binary = first.stream()
                .filter(line -> line.contains("base64"))
                .findFirst()
                .orElseThrow();
        var json = JsonParser.parseString(binary).getAsJsonObject();
        assertEquals("AP8=", json.get("value_base64").getAsString());
        assertEquals("2026-01-31T12:00:00Z", json.get("timestamp").getAsString());
        assertTrue(first.stream().anyMatch(line -> line.contains("\"value\":\"{\\\"a\\\":[1,2]}\"")), first.toString());
        for (var mistake :
                List.of("nonsense{", "[]", "{\"valu\":\"x\"}", "{\"timestamp\":\"yesterday\"}", "{\"headers\":[1]}")) {
            var refused = run(mistake + "\n", "produce copy --format json");
            assertEquals(1, refused.code(), mistake);
            assertTrue(refused.err().startsWith("weirlog: line 1 "), refused.err());
        }
    }

    @Test
    void aGroupGoesOnAfterWhatWasPrinted() {
        done("", "topic create shared-a");
        done("", "topic create shared-b");
        done("a1\na2\na3\n", "produce shared-a");
        done("b1\n", "produce shared-b");
        assertEquals(List.of("a1", "a2"), done("", "consume shared-a -g readers --max-records 2"));
        assertEquals(List.of("a3"), done("", "consume shared-a --group readers --max-records 1 --no-commit"));
        assertEquals(
                List.of("a3", "b1"),
                done("", "consume -g readers --topic-pattern shared-.* --max-records 2").stream()
                        .sorted()
                        .toList());
        assertEquals(List.of(), done("", "consume shared-a shared-b -g readers --timeout 500ms"));
        done("a4\n", "produce shared-a");
        assertEquals(
                List.of("a4"),
                done("", "consume shared-a -g readers --instance-id one --assignor range --max-records 1"));
        assertEquals(
                List.of("a1", "a2", "a3", "a4", "b1"),
                done("", "consume shared-a shared-b --max-records 5").stream()
                        .sorted()
                        .toList());
    }

    @Test
    void whatCannotBeIsRefused() {
        done("", "topic create odd");
        for (var mistake : Map.of(
                        "consume", "name a topic to read",
                        "consume odd --no-commit", "need a --group",
                        "consume odd --instance-id one", "need a --group",
                        "consume odd --assignor range", "need a --group",
                        "consume odd -g g --assignor fair", "--assignor",
                        "consume odd -g g --partition 0", "not for groups",
                        "consume odd -g g --from 3", "not for groups",
                        "consume odd odd2 --partition 0", "--partition needs one topic")
                .entrySet()) {
            var refused = run("", mistake.getKey());
            assertEquals(2, refused.code(), mistake.getKey());
            assertTrue(refused.err().contains(mistake.getValue()), refused.err());
        }
        assertEquals(1, run("", "consume odd --partition 1").code());
    }
}
