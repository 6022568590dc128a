package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What was acknowledged is there after the process was killed, in order, whatever it was doing.
@Tag("side-by-side")
class KillTest {
    private static final int RECORDS = 2_000_000;

    @TempDir
    private Path folder;

    private record Ack(int line, long offset) {}

    @ParameterizedTest
    @ValueSource(ints = {1_000, 60_000})
    void allThatWasAcknowledgedIsThereInOrder(int acksBeforeTheKill) throws Exception {
        var input = folder.resolve("input");
        Files.writeString(
                input,
                IntStream.range(1, RECORDS + 1)
                        .mapToObj(line -> "record " + line + "\n")
                        .collect(Collectors.joining()));
        List<Ack> acked;
        try (var node = DevNode.start(folder.resolve("data"))) {
            Run.weirlog("topic", "create", "events", "-p", "1", "-b", node.address)
                    .success();
            try (var produce = Run.weirlog(
                    "produce",
                    "events",
                    "--file",
                    input.toString(),
                    "--print-acks",
                    "--delivery-timeout",
                    "5s",
                    "-b",
                    node.address)) {
                produce.lineCount(acksBeforeTheKill);
                node.run.kill();
                assertTrue(produce.exitCode() != 0, "producing ended well without a node");
                acked = acks(produce.lines());
            }
        }
        assertTrue(acked.size() >= acksBeforeTheKill && acked.size() < RECORDS, "acknowledged: " + acked.size());
        try (var node = DevNode.start(folder.resolve("data"))) {
            var byOffset = read(node.address);
            for (var ack : acked) {
                assertEquals("record " + ack.line, byOffset.get(ack.offset), "acknowledged at offset " + ack.offset);
            }
            assertInOrderWithoutGap(byOffset);
        }
    }

    private static List<Ack> acks(List<String> lines) {
        List<Ack> acks = new ArrayList<>();
        for (var line : lines) {
            var fields = line.split("\t", -1);
            if (fields.length == 3 && fields[0].chars().allMatch(Character::isDigit)) {
                acks.add(new Ack(Integer.parseInt(fields[0]), Long.parseLong(fields[2])));
            }
        }
        return acks;
    }

    private static SortedMap<Long, String> read(String address) throws InterruptedException {
        return Run.weirlog(
                        "consume",
                        "events",
                        "--from",
                        "earliest",
                        "--timeout",
                        "3s",
                        "--print",
                        "offset,value",
                        "-b",
                        address)
                .success()
                .stream()
                .map(line -> line.split("\t", -1))
                .filter(fields -> fields.length == 2)
                .collect(Collectors.toMap(
                        fields -> Long.parseLong(fields[0]), fields -> fields[1], (one, two) -> one, TreeMap::new));
    }

    private static void assertInOrderWithoutGap(SortedMap<Long, String> byOffset) {
        var expected = 0L;
        for (var offset : byOffset.keySet()) {
            assertEquals(expected++, offset);
        }
        var last = 0;
        for (var value : byOffset.values()) {
            var line = Integer.parseInt(value.substring("record ".length()));
            assertTrue(line > last, value + " stands after record " + last);
            last = line;
        }
    }

    @Test
    void aTerminatedNodeStopsWellAndStartsAgain() throws Exception {
        var data = folder.resolve("data");
        try (var node = DevNode.start(data)) {
            Run.weirlog("topic", "create", "events", "-b", node.address).success();
            try (var produce = Run.weirlog("produce", "events", "-b", node.address)) {
                produce.input("one\ntwo\n").success();
            }
            node.run.terminate();
            var code = node.run.exitCode();
            assertTrue(code == 0 || code == 143, "exit code " + code);
        }
        try (var node = DevNode.start(data)) {
            var values = Run.weirlog("consume", "events", "--timeout", "2s", "-b", node.address)
                    .success();
            assertTrue(values.containsAll(List.of("one", "two")), values.toString());
        }
    }
}
