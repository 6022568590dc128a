package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.grpc.ManagedChannelBuilder;
import io.weirlog.server.Node;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.v1.GroupsServiceGrpc;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.MemberSubscription;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Groups of one node; each test has groups of its own, all of them read one topic of two partitions, 50 records each.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class GroupCommandsTest {
    private static final Path DOCS = Path.of("../../docs/groups.md");

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
        done("topic create orders --partitions 2");
        for (int partition = 0; partition < 2; partition++) {
            var lines = String.join(
                            "\n",
                            IntStream.range(0, 50).mapToObj(i -> "line " + i).toList()) + "\n";
            var produced = withInput(lines, "produce orders --partition " + partition);
            assertEquals(0, produced.code(), produced.err());
        }
    }

    @AfterAll
    void stop() {
        node.close();
    }

    private Console withInput(String input, String line) {
        var arguments = Stream.concat(
                        Arrays.stream(line.split(" ")),
                        Stream.of("--bootstrap-server", "127.0.0.1:" + node.clientPort()))
                .toArray(String[]::new);
        return Console.runWithInput(input, arguments);
    }

    private Console run(String line) {
        return withInput("", line);
    }

    private String done(String line) {
        var console = run(line);
        assertEquals(0, console.code(), line + ": " + console.err());
        return console.out().strip();
    }

    private JsonObject described(String group) {
        return JsonParser.parseString(done("group describe " + group + " -o json"))
                .getAsJsonObject();
    }

    private List<Long> lags(String group) {
        return described(group).getAsJsonArray("partitions").asList().stream()
                .map(one -> one.getAsJsonObject().get("lag_records").getAsLong())
                .toList();
    }

    @Test
    void offsetsAreSetByEveryKindOfPlace() {
        var planned = done("group seek places --topic orders --to 20 --dry-run");
        assertTrue(planned.lines().anyMatch(line -> line.matches("orders-0 +- +20")), planned);
        assertEquals(1, run("group describe places").code(), "a dry run makes no group");
        done("group seek places --topic orders --to 20 --yes");
        assertEquals(List.of(30L, 30L), lags("places"));
        done("group seek places --topic orders --to latest --partition 1 -y");
        assertEquals(List.of(30L, 0L), lags("places"));
        var shifted = done("group seek places --topic orders --shift-by -5 -y");
        assertTrue(shifted.lines().anyMatch(line -> line.matches("orders-1 +50 +45")), shifted);
        assertEquals(List.of(35L, 5L), lags("places"));
        done("group seek places --topic orders --shift-by " + Long.MAX_VALUE + " -y");
        assertEquals(List.of(0L, 0L), lags("places"));
        done("group seek places --topic orders --shift-by " + Long.MIN_VALUE + " -y");
        assertEquals(List.of(50L, 50L), lags("places"));
        done("group seek places --topic orders --to latest -y");
        done("group seek places --topic orders --age 300000d -y");
        assertEquals(List.of(50L, 50L), lags("places"));
        done("group seek places --topic orders --to 2100-01-01T00:00:00Z -y");
        assertEquals(List.of(0L, 0L), lags("places"));
    }

    @Test
    void nothingIsSetOrDeletedWithoutAYes() {
        done("group seek asked --topic orders --to earliest -y");
        var no = withInput("n\n", "group seek asked --topic orders --to latest");
        assertEquals(1, no.code());
        assertTrue(no.err().endsWith("weirlog: nothing was set: say yes, or give --yes\n"), no.err());
        assertTrue(no.out().lines().anyMatch(line -> line.matches("orders-0 +0 +50")), no.out());
        assertEquals(List.of(50L, 50L), lags("asked"));
        assertEquals(1, withInput("n\n", "group delete asked").code());
        assertEquals(
                0,
                withInput("y\n", "group seek asked --topic orders --to latest").code());
        assertEquals(List.of(0L, 0L), lags("asked"));
        assertEquals(
                "deleted group asked",
                withInput("y\n", "group delete asked").out().strip());
        assertEquals(1, run("group describe asked").code());
    }

    /// One partition of two cannot be set: it is told, and counts.
    @Test
    void whatIsRefusedIsToldAlsoAfterAYes() {
        done("topic create uneven --partitions 2");
        var lines = withInput("one\ntwo\n", "produce uneven --partition 0");
        assertEquals(0, lines.code(), lines.err());
        for (var answer : List.of("--yes", "--dry-run")) {
            var direct = run("group seek partly --topic uneven --to 2 " + answer);
            assertEquals(1, direct.code());
            assertTrue(direct.err().contains("weirlog: uneven-1: "), direct.err());
        }
        var asked = withInput("y\n", "group seek partly --topic uneven --to 1");
        assertEquals(1, asked.code());
        assertTrue(asked.err().contains("weirlog: uneven-1: "), asked.err());
        assertTrue(asked.out().lines().anyMatch(line -> line.matches("uneven-0 +2 +1")), asked.out());
        var none = withInput("y\n", "group seek partly --topic uneven --to 7");
        assertEquals(1, none.code());
        assertTrue(none.err().endsWith("weirlog: nothing was set: no partition can be\n"), none.err());
        var json = withInput("y\n", "group seek partly --topic uneven --partition 0 --to latest -o json");
        assertEquals(0, json.code(), json.err());
        assertEquals(1, JsonParser.parseString(json.out()).getAsJsonArray().size(), "nothing but JSON is printed");
    }

    @Test
    void membersAreShownAndProtected() {
        var channel = ManagedChannelBuilder.forTarget("127.0.0.1:" + node.clientPort())
                .usePlaintext()
                .build();
        try {
            GroupsServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .heartbeat(HeartbeatRequest.newBuilder()
                            .setGroupId("alive")
                            .setMemberId("one")
                            .setSubscription(MemberSubscription.newBuilder()
                                    .addTopics("orders")
                                    .setClientId("some-service"))
                            .build());
            var text = done("group describe alive");
            assertTrue(text.startsWith("group alive: "), text);
            assertTrue(text.lines().anyMatch(line -> line.matches("one +- +some-service +\\d+ .*")), text);
            assertTrue(text.lines().anyMatch(line -> line.matches("orders-1 +- +50 +50 +\\d+m?s +one")), text);
            var listed = done("group list");
            assertTrue(listed.lines().anyMatch(line -> line.matches("alive +(stable|reconciling) +1 +1")), listed);
            var refused = run("group delete alive --yes");
            assertEquals(1, refused.code());
            assertTrue(refused.err().contains("member"), refused.err());
            assertEquals(
                    1,
                    run("group seek alive --topic orders --to earliest --yes").code());
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void whatIsWrongIsTold() {
        assertEquals(2, run("group seek wrong --topic orders").code());
        assertEquals(
                2,
                run("group seek wrong --topic orders --to latest --shift-by 1").code());
        assertEquals(1, run("group seek wrong --topic nowhere --to latest -y").code());
        assertEquals(
                1,
                run("group seek wrong --topic orders --partition 7 --to latest -y")
                        .code());
        var unknown = run("group delete nobody --yes");
        assertEquals(1, unknown.code());
        assertTrue(unknown.err().startsWith("weirlog: "), unknown.err());
        assertFalse(done("group list -o json").contains("wrong"));
    }

    @Test
    void theCommandsOfTheDocsRun() throws Exception {
        var commands = Files.readAllLines(DOCS).stream()
                .filter(line -> line.startsWith("./weirlog group"))
                .map(line -> line.substring("./weirlog ".length()))
                .toList();
        assertTrue(commands.size() >= 5, commands.toString());
        done("group seek readers --topic orders --to latest --yes");
        commands.forEach(this::done);
    }
}
