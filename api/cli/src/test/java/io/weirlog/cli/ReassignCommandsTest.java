package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.weirlog.server.Node;
import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.server.config.ConfigResult;
import io.weirlog.server.config.ConfigSources;
import io.weirlog.server.config.NodeConfigLoader;
import io.weirlog.testing.FreePorts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Partitions move between four brokers; each test has topics of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class ReassignCommandsTest {
    private static final List<String> LINES =
            IntStream.range(0, 200).mapToObj(i -> "line " + i).toList();

    @TempDir
    private static Path folder;

    private final int raft = FreePorts.next();
    private final int internal = FreePorts.next();
    private final List<Node> nodes = new ArrayList<>();

    @BeforeAll
    void start() throws NodeStartException {
        for (int id = 1; id <= 4; id++) {
            nodes.add(start(id));
        }
    }

    private Node start(int id) throws NodeStartException {
        var sources = ConfigSources.NONE
                .withFlag(ConfigKeys.NODE_ID, Integer.toString(id))
                .withFlag(ConfigKeys.ROLES, id == 1 ? "broker,controller" : "broker")
                .withFlag(ConfigKeys.CLUSTER_ID, "moves")
                .withFlag(ConfigKeys.DATA_DIR, folder.resolve("node-" + id).toString())
                .withFlag(ConfigKeys.CLIENT_HOST, "127.0.0.1")
                .withFlag(ConfigKeys.CLIENT_PORT, "0")
                .withFlag(ConfigKeys.INTERNAL_PORT, Integer.toString(id == 1 ? internal : FreePorts.next()))
                .withFlag(ConfigKeys.RAFT_PORT, Integer.toString(id == 1 ? raft : FreePorts.next()))
                .withFlag(ConfigKeys.HTTP_PORT, "off")
                .withFlag(ConfigKeys.CONTROLLER_QUORUM, "1@127.0.0.1:" + raft + ":" + internal);
        return switch (NodeConfigLoader.load(sources)) {
            case ConfigResult.Valid valid -> Node.start(valid.config());
            case ConfigResult.Invalid(var problems) -> throw new AssertionError(problems);
        };
    }

    @AfterAll
    void stop() {
        nodes.reversed().forEach(Node::close);
    }

    @Test
    void aTopicGoesToOtherBrokersWithAllItsRecords() {
        create("moved", 2, 2);
        done("topic reassign moved --brokers 1,2 --yes");
        var planned = done("topic reassign moved --brokers 3,4 --dry-run");
        assertTrue(planned.lines().anyMatch(line -> line.matches("moved-0 +[12],[12] +[34],[34] .*B")), planned);
        assertTrue(planned.contains("2 partitions, "), planned);
        assertEquals(List.of(List.of(1, 2), List.of(1, 2)), replicas("moved"));
        var moved = run("topic reassign moved --brokers 3,4 --yes");
        assertEquals(0, moved.code(), moved.err());
        assertTrue(moved.out().strip().endsWith("2 partitions moved"), moved.out());
        assertEquals(List.of(List.of(3, 4), List.of(3, 4)), replicas("moved"));
        assertEquals(
                LINES.stream().sorted().toList(),
                run("consume moved --max-records 200").lines().stream().sorted().toList());
        assertEquals("nothing to move", done("topic reassign moved --brokers 3,4 --yes"));
        assertEquals("nothing is being moved", done("topic reassign moved --status"));
        assertEquals("nothing is being moved", done("topic reassign moved --attach"));
        assertEquals("nothing is being moved", done("topic reassign moved --cancel"));
        assertEquals("[]", done("topic reassign moved --status -o json"));
    }

    @Test
    void onePartitionGoesWhereItIsTold() {
        create("told", 1, 1);
        var moved = run("topic reassign told --target 0=4:2 -y -o json");
        assertEquals(0, moved.code(), moved.err());
        assertEquals("{\"state\":\"moved\"}", moved.out().strip());
        assertEquals(List.of(List.of(2, 4)), replicas("told"));
        assertEquals(LINES, run("consume told --max-records 200").lines());
    }

    @Test
    void nothingIsMovedWithoutAYes() {
        create("asked", 1, 1);
        int at = replicas("asked").getFirst().getFirst();
        int to = at % 4 + 1;
        var no = withInput("n\n", "topic reassign asked --brokers " + to);
        assertEquals(1, no.code());
        assertTrue(no.err().endsWith("weirlog: nothing was moved: say yes, or give --yes\n"), no.err());
        assertEquals(List.of(List.of(at)), replicas("asked"));
        assertEquals(0, withInput("y\n", "topic reassign asked --brokers " + to).code());
        assertEquals(List.of(List.of(to)), replicas("asked"));
    }

    @Test
    void aBrokerIsEvacuated() {
        create("everywhere", 4, 3);
        assertTrue(run("broker evacuate 4 --yes").out().contains(" moved"));
        assertTrue(replicas("everywhere").stream().noneMatch(brokers -> brokers.contains(4)));
        assertEquals("nothing to move", done("broker evacuate 4 --yes"));
        assertEquals("nothing is being moved", done("broker evacuate 4 --cancel"));
        assertEquals(
                LINES.stream().sorted().toList(),
                run("consume everywhere --max-records 200").lines().stream()
                        .sorted()
                        .toList());
    }

    @Test
    void aBrokerThatIsGoneForGoodIsForgotten() throws NodeStartException {
        try (var fifth = start(5)) {
            assertTrue(done("broker list").contains(fifth.clientAddress()));
            assertEquals(Console.failure(1, "broker 5 is in service: stop it first"), run("broker unregister 5"));
        }
        assertEquals("broker 5 is forgotten", done("broker unregister 5"));
        assertEquals(1, run("broker describe 5").code());
        assertTrue(run("broker unregister 5").err().contains("there is no broker 5"));
    }

    @Test
    void whatCannotBeIsToldAtOnce() {
        create("stays", 1, 3);
        for (var wrong : List.of(
                List.of("topic reassign nowhere --brokers 1", "there is no topic 'nowhere'"),
                List.of("topic reassign stays --brokers 1,2,9", "there is no broker 9"),
                List.of("topic reassign stays --brokers 1,2", "stays-0 has 3 replicas, which need as many brokers"),
                List.of("topic reassign stays --target 0=1:9 -y", "there is no broker 9"),
                List.of("topic reassign stays --target 0=1:1 -y", "names a broker twice"),
                List.of("topic reassign stays --target 0=1:x -y", "\"x\" is no broker"),
                List.of("topic reassign stays --target 5=1 -y", "5 is none of them"),
                List.of("broker evacuate 9 -y", "there is no broker 9"))) {
            var failed = run(wrong.get(0));
            assertEquals(1, failed.code(), failed.out());
            assertTrue(failed.err().contains(wrong.get(1)), failed.err());
        }
        assertEquals(2, run("topic reassign stays").code());
        assertEquals(2, run("topic reassign stays --status --cancel").code());
    }

    private void create(String topic, int partitions, int replicas) {
        done("topic create " + topic + " -p " + partitions + " -r " + replicas);
        withInput(String.join("\n", LINES), "produce " + topic);
    }

    private List<List<Integer>> replicas(String topic) {
        var described = JsonParser.parseString(done("topic describe " + topic + " -o json"))
                .getAsJsonObject()
                .getAsJsonArray("partitions");
        return elements(described)
                .map(partition -> elements(partition.getAsJsonObject().getAsJsonArray("replicas"))
                        .map(JsonElement::getAsInt)
                        .sorted()
                        .toList())
                .toList();
    }

    private static Stream<JsonElement> elements(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private Console run(String command) {
        return withInput("", command);
    }

    private Console withInput(String input, String command) {
        var arguments = Stream.concat(
                Arrays.stream(command.split(" ")),
                Stream.of("--bootstrap-server", nodes.getFirst().clientAddress()));
        return Console.runWithInput(input, arguments.toArray(String[]::new));
    }

    private String done(String command) {
        var result = run(command);
        assertEquals(0, result.code(), result.err());
        return result.out().strip();
    }
}
