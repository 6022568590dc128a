package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.WeirlogClient;
import io.weirlog.server.Node;
import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The commands against a running node; each test has topics of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterCommandsTest {
    @TempDir
    private static Path folder;

    private Node node;

    @BeforeAll
    void start() throws NodeStartException {
        node = Node.start(NodeConfig.embedded(folder.resolve("data")));
    }

    @AfterAll
    void stop() {
        node.close();
    }

    @Test
    void topicsAreAltered() {
        done("topic create altered -c retention.ms=1000");
        assertEquals(
                "altered topic altered, with 3 partitions",
                done("topic alter altered -c max.message.bytes=1000 --delete-config retention.ms -p 3"));
        var described = done("topic describe altered");
        assertTrue(
                described.lines().anyMatch(line -> line.matches("max\\.message\\.bytes +1000 +on the topic")),
                described);
        assertTrue(
                described.lines().anyMatch(line -> line.matches("retention\\.ms +604800000 +by default")), described);
        assertEquals(
                Console.failure(1, "topic \"altered\" has 3 partitions: it can have more, not 2"),
                run("topic alter altered -p 2"));
        assertEquals(
                Console.failure(1, "unknown config \"retentoin.ms\", did you mean retention.ms?"),
                run("topic alter altered --delete-config retentoin.ms"));
        assertEquals(
                Console.failure(1, "nothing to change: give -c, --delete-config or -p"), run("topic alter altered"));
        assertEquals(
                Console.failure(1, "there is no topic 'gone': create it first, or check its name"),
                run("topic alter gone -p 2"));
    }

    @Test
    void topicsComeAndGo() {
        assertEquals("created topic orders with 3 partitions", done("topic create orders -p 3 -c retention.ms=1000"));
        assertEquals(Console.failure(1, "topic \"orders\" exists already"), run("topic create orders"));
        assertTrue(done("topic list").lines().anyMatch(line -> line.startsWith("orders ")));
        var described = done("topic describe orders");
        assertTrue(described.contains("PARTITION   LEADER   EPOCH"), described);
        assertTrue(described.lines().anyMatch(line -> line.matches("retention\\.ms +1000 +on the topic")), described);
        var json = json("topic describe orders -o json");
        assertEquals("orders", json.get("name").getAsString());
        assertEquals(3, json.getAsJsonArray("partitions").size());
        assertEquals("deleted topic orders", done("topic delete orders"));
        assertEquals(
                Console.failure(1, "there is no topic 'orders': create it first, or check its name"),
                run("topic describe orders"));
    }

    @Test
    void recordsAreDeleted() {
        done("topic create trimmed -p 2");
        try (var client = WeirlogClient.connect(node.clientAddress());
                var producer = client.producer()) {
            for (int i = 0; i < 20; i++) {
                producer.send(ProducerRecord.of("trimmed", "v" + i).toPartition(i % 2))
                        .join();
            }
        }
        var shown = done("topic delete-records trimmed --partition 0 --before 4 --yes");
        assertTrue(shown.lines().anyMatch(line -> line.matches("trimmed-0 +0 +4 +4")), shown);
        assertTrue(shown.endsWith("trimmed-0 begins at 4"), shown);
        assertEquals(
                "[{\"topic\":\"trimmed\",\"partition\":0,\"log_start_offset\":4}]",
                done("topic delete-records trimmed --partition 0 --before 3 -y -o json"));
        assertEquals(
                "8,10,12,14,16,18",
                done("consume trimmed --partition 0 --max-records 6 --print value")
                        .lines()
                        .map(line -> line.substring(1))
                        .collect(Collectors.joining(",")));
        var unasked = run("topic delete-records trimmed --before high-watermark");
        assertEquals(1, unasked.code());
        assertTrue(unasked.err().endsWith("weirlog: nothing was deleted: say yes, or give --yes\n"), unasked.err());
        var beyond = run("topic delete-records trimmed --partition 1 --before 11 -y");
        assertEquals(1, beyond.code());
        assertTrue(beyond.err().startsWith("weirlog: trimmed-1: records before offset 11 cannot"), beyond.err());
        var all = done("topic delete-records trimmed --before high-watermark -y");
        assertTrue(all.endsWith("trimmed-0 begins at 10\ntrimmed-1 begins at 10"), all);
        done("topic create trimmed-by-key -c cleanup.policy=compact");
        assertTrue(
                run("topic delete-records trimmed-by-key --before 0 -y").err().contains("is only compacted"));
        assertTrue(run("topic delete-records trimmed --partition 2 --before 1 -y")
                .err()
                .contains("2 is none of them"));
        assertEquals(2, run("topic delete-records trimmed").code());
        assertEquals(2, run("topic delete-records trimmed --before -1 -y").code());
        assertTrue(run("topic delete-records nowhere --before 1 -y").err().contains("there is no topic 'nowhere'"));
    }

    @Test
    void theFeatureLevelRisesOnlyToWhatAllNodesSupport() {
        assertTrue(done("cluster info").contains("it works at feature level 1"), done("cluster info"));
        assertEquals(1, json("cluster info -o json").get("feature_level").getAsInt());
        assertEquals(
                "the cluster works at feature level 1 already, the highest that all nodes support",
                done("cluster upgrade"));
        assertEquals(
                "{\"feature_level_before\":1,\"feature_level\":1,\"dry_run\":true}",
                done("cluster upgrade --dry-run --level 1 -o json"));
        assertEquals(
                Console.failure(
                        1,
                        "broker 1 supports feature level 1, not 2: upgrade or unregister it; "
                                + "controller 1 supports feature level 1, not 2: upgrade or unregister it"),
                run("cluster upgrade --level 2 --yes"));
    }

    @Test
    void aBrokerThatServesIsNotForgotten() {
        assertEquals(Console.failure(1, "broker 1 is in service: stop it first"), run("broker unregister 1"));
    }

    @Test
    void controllersAreListedAndTheLastOneStays() {
        var listed = done("controller list");
        assertTrue(listed.lines().anyMatch(line -> line.strip().startsWith("1 ") && line.contains(" active ")), listed);
        var json = json("controller list -o json");
        assertEquals(1, json.get("active_node_id").getAsInt());
        assertEquals(1, json.getAsJsonArray("controllers").size());
        var last = run("controller remove 1");
        assertEquals(1, last.code());
        assertTrue(last.err().contains("the only voter"), last.err());
        var stranger = run("controller remove 9");
        assertTrue(stranger.err().contains("does not vote"), stranger.err());
        var malformed = run("controller add 2 --address nowhere");
        assertEquals(1, malformed.code());
        assertTrue(malformed.err().contains("node-4:7173"), malformed.err());
    }

    @Test
    void theMetadataOfARunningNodeCanBeRead() {
        done("topic create seen-offline");
        var data = folder.resolve("data").toString();
        assertTrue(offline("metadata", "hash", data).out().strip().matches("\\d+ [0-9a-f]{64}"));
        assertTrue(offline("metadata", "export", data).out().contains("\"seen-offline\""));
        assertTrue(offline("metadata", "dump", data, "-o", "json").out().contains("seen-offline"));
        var used = offline("metadata", "repair", data);
        assertEquals(1, used.code());
        assertTrue(used.err().contains("stop it first"), used.err());
        var nothing = offline("metadata", "hash", folder.toString());
        assertTrue(nothing.err().contains("there are no metadata"), nothing.err());
    }

    @Test
    void theMetadataOfAClusterCanBeAskedFor() {
        done("topic create seen-online -p 2");
        assertTrue(done("metadata hash").matches("\\d+ [0-9a-f]{64}"));
        assertEquals(1, json("metadata hash -o json").get("node_id").getAsInt());
        assertTrue(done("metadata export").contains("\"seen-online\""));
        var dumped = done("metadata dump");
        assertTrue(
                dumped.lines().anyMatch(line -> line.startsWith("kind=partition topic=seen-online partition=1 ")),
                dumped);
        assertEquals(
                Console.failure(1, "--at needs DIR: a running cluster tells its metadata of now"),
                run("metadata export --at 7"));
    }

    @Test
    void leadersAreElected() {
        done("topic create elected -p 2");
        assertEquals("elected-0 leads already\nelected-1 leads already", done("topic elect-leaders elected"));
        assertEquals("elected-1 leads already", done("topic elect-leaders elected --partition 1 --unclean"));
        assertTrue(done("topic elect-leaders").contains("elected-1 leads already"));
        var unknown = run("topic elect-leaders elected --partition 5 -o json");
        assertEquals(1, unknown.code());
        assertEquals(
                "{\"topic\":\"elected\",\"partition\":5,\"outcome\":\"unknown_partition\"}",
                unknown.out().strip());
        assertEquals(Console.failure(1, "--unclean needs the names of topics"), run("topic elect-leaders --unclean"));
    }

    private static Console offline(String... arguments) {
        return Console.runWithInput("", arguments);
    }

    @Test
    void allThatIsWrongWithATopicIsToldInOneLine() {
        var result = run("topic create bad/name -p 0 -c retentoin.ms=1");
        assertEquals(1, result.code());
        assertEquals(1, result.err().lines().count(), result.err());
        for (var part : List.of("bad/name", "partitions, not 0", "did you mean retention.ms?")) {
            assertTrue(result.err().contains(part), result.err());
        }
    }

    @Test
    void linesGoInAndComeOutAsTheyWere() {
        done("topic create lines");
        var lines = List.of("one", "", "zwei \u00fc", "\ttab", "last");
        var produced = withInput(String.join("\n", lines), "produce lines");
        assertTrue(produced.out().matches("produced 5 records, \\d+ B in .* to lines\\R"), produced.out());
        assertEquals(lines, run("consume lines --max-records 5").lines());
        assertEquals(
                lines.subList(3, 5),
                run("consume lines --from 3 --max-records 2").lines());
        assertEquals(
                List.of(), run("consume lines --from latest --timeout 300ms").lines());
        assertEquals(lines, run("consume lines --timeout 2s").lines());
        assertEquals(
                List.of("0\t0\tone", "0\t1\t"),
                run("consume lines --max-records 2 --print partition,offset,value")
                        .lines());
    }

    @Test
    void keysStayTogetherAndAreShown() throws IOException {
        done("topic create keyed -p 4");
        var file = folder.resolve("keyed.txt");
        Files.write(
                file,
                IntStream.range(0, 400).mapToObj(i -> "key" + i % 10 + "::" + i).toList());
        done("produce keyed --key-separator :: --file " + file);
        var seen = run("consume keyed --max-records 400 --print key,partition").lines();
        assertEquals(400, seen.size());
        assertEquals(10, seen.stream().distinct().count(), "each key in one partition");
        assertEquals(
                Console.failure(1, "line 2 has no key separator; 1 line before it were sent"),
                withInput("a::1\nb\n", "produce keyed --key-separator ::"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void everyCompressionAndAcknowledgementWorks(String compression) {
        done("topic create packed-" + compression);
        var lines = Collections.nCopies(1_000, "the same line again");
        for (var acks : List.of("leader", "all")) {
            withInput(
                    String.join("\n", lines),
                    "produce packed-%s --compression %s --acks %s".formatted(compression, compression, acks));
        }
        assertEquals(
                2_000,
                run("consume packed-" + compression + " --max-records 2000")
                        .lines()
                        .size());
    }

    @Test
    void acknowledgementsArePrintedWithTheirOffsets() {
        done("topic create acks -p 2");
        var printed = withInput("a\nb\nc\n", "produce acks --partition 1 --print-acks")
                .lines();
        assertEquals(List.of("1\t1\t0", "2\t1\t1", "3\t1\t2"), printed.subList(0, 3));
        var json = withInput("d\n", "produce acks --partition 1 --print-acks -o json")
                .lines();
        assertEquals("{\"line\":1,\"partition\":1,\"offset\":3}", json.getFirst());
        var summary = JsonParser.parseString(json.getLast()).getAsJsonObject();
        assertEquals(1, summary.get("acknowledged").getAsInt());
        assertEquals(0, summary.get("failed").getAsInt());
        var none = withInput("e\n", "produce acks --partition 1 --acks none --print-acks")
                .lines();
        assertEquals("1\t1\t-", none.getFirst());
    }

    @Test
    void recordsComeAsJson() {
        done("topic create things");
        try (var client = WeirlogClient.connect(node.clientAddress());
                var producer = client.producer()) {
            producer.send(ProducerRecord.of("things", "k", "\u00e4\"")
                            .withHeader("h", new byte[] {1})
                            .withHeader("h", null)
                            .at(Instant.parse("2026-01-31T12:00:00Z")))
                    .join();
            producer.send(ProducerRecord.of("things", new byte[] {(byte) 0xff, 0}))
                    .join();
        }
        var lines = run("consume things -o json --max-records 2").lines();
        assertEquals(
                "{\"topic\":\"things\",\"partition\":0,\"offset\":0,\"timestamp\":\"2026-01-31T12:00:00Z\",\"key\":\"k\","
                        + "\"value\":\"\u00e4\\\"\",\"headers\":[{\"key\":\"h\",\"value\":\"\\u0001\"},{\"key\":\"h\",\"value\":null}]}",
                lines.get(0));
        var second = JsonParser.parseString(lines.get(1)).getAsJsonObject();
        assertTrue(second.get("key").isJsonNull());
        assertEquals("/wA=", second.get("value_base64").getAsString());
        assertEquals(
                List.of("2026-01-31T12:00:00Z\tk\th=\u0001,h="),
                run("consume things --max-records 1 --print timestamp,key,headers")
                        .lines());
        assertEquals(
                1,
                run("consume things --from 2026-02-01T00:00:00+01:00 --max-records 1")
                        .lines()
                        .size());
    }

    @Test
    void aFailedRecordFailsTheCommandAndIsCounted() {
        done("topic create small -c max.message.bytes=1000");
        withInput("fits\n", "produce small");
        var result = withInput("x".repeat(5_000), "produce small");
        assertEquals(1, result.code());
        assertTrue(
                result.err()
                        .matches("weirlog: 1 record failed \\(1 (RECORD|BATCH)_TOO_LARGE\\), 0 acknowledged; .*\\R"),
                result.err());
        assertEquals(List.of("fits"), run("consume small --timeout 1s").lines());
    }

    @ParameterizedTest
    @ValueSource(strings = {"consume", "produce"})
    void aTopicOrPartitionThatIsNotThereIsToldAtOnce(String command) {
        assertEquals(
                Console.failure(1, "there is no topic 'nowhere': create it first, or check its name"),
                withInput("a\n", command + " nowhere"));
        done("topic create single-" + command);
        for (var partition : List.of("1", "-1")) {
            assertEquals(
                    Console.failure(
                            1,
                            "topic single-" + command + " has 1 partition, numbered from 0: " + partition
                                    + " is none of them"),
                    withInput("a\n", command + " single-" + command + " --partition=" + partition));
        }
    }

    @Test
    void anOffsetOutOfRangeIsToldWithTheRange() {
        done("topic create short");
        withInput("a\nb\n", "produce short");
        var result = run("consume short --from 7");
        assertEquals(1, result.code());
        assertTrue(result.err().matches("weirlog: .*7.*0.*2.*\\R"), result.err());
    }

    private Console run(String command) {
        return withInput("", command);
    }

    private Console withInput(String input, String command) {
        var arguments =
                Stream.concat(Arrays.stream(command.split(" ")), Stream.of("--bootstrap-server", node.clientAddress()));
        return Console.runWithInput(input, arguments.toArray(String[]::new));
    }

    private String done(String command) {
        var result = run(command);
        assertEquals(0, result.code(), result.err());
        assertEquals("", result.err());
        return result.out().strip();
    }

    private JsonObject json(String command) {
        return JsonParser.parseString(done(command)).getAsJsonObject();
    }
}
