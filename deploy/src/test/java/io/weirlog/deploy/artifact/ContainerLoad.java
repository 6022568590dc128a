package io.weirlog.deploy.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.deploy.Run;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Writes numbers, one after the other, from a container of its own until it is told to stop, and follows them from
/// another. In the end what was acknowledged must be there, where it should be, once and in order, for who followed it
/// and for who comes later.
final class ContainerLoad implements AutoCloseable {
    private static final Pattern ACK = Pattern.compile("(\\d+)\t(\\d+)\t(\\d+|-)");
    private static final Pattern RECORD = Pattern.compile("(\\d+)\t(\\d+)\t(\\d+)");

    private static final String READ = "weirlog consume %s --print partition,offset,value";

    private final Podman podman;
    private final Containers containers;
    private final String topic;
    private final Run writer;
    private final Run follower;

    /// Runs commands in a new container.
    @FunctionalInterface
    interface Containers {
        /// @param command of the shell
        Run start(String name, String command);
    }

    private ContainerLoad(Podman podman, Containers containers, String topic) {
        this.podman = podman;
        this.containers = containers;
        this.topic = topic;
        this.writer = containers.start("writer", write(topic));
        this.follower = containers.start("follower", READ.formatted(topic) + " --follow");
    }

    static ContainerLoad start(Podman podman, Containers containers, String topic) throws InterruptedException {
        var load = new ContainerLoad(podman, containers, topic);
        load.awaitMore(200);
        return load;
    }

    /// Writes 200 a second, until there is a file of this name.
    private static String write(String topic) {
        return """
            number=0
            while [ ! -e /tmp/stop ]; do
                burst=0
                while [ $burst -lt 20 ]; do
                    burst=$((burst + 1))
                    number=$((number + 1))
                    echo $number
                done
                sleep 0.1
            done | weirlog produce %s --print-acks
            """.formatted(topic);
    }

    private static long matching(Run run, Pattern pattern) {
        return run.lines().stream().filter(pattern.asMatchPredicate()).count();
    }

    /// Waits until so many more records were acknowledged.
    void awaitMore(int records) throws InterruptedException {
        var enough = matching(writer, ACK) + records;
        podman.await(records + " more acknowledgements", () -> matching(writer, ACK) >= enough);
    }

    /// Ends the writer, none of whose records may have failed, and reads all that there is.
    ///
    /// @return how many records were written
    int finish() throws InterruptedException {
        podman.run("exec", "writer", "sh", "-c", ": >/tmp/stop");
        writer.success();
        try (var reader = containers.start("reader", READ.formatted(topic) + " --timeout 3s")) {
            var read = records(reader.success());
            var written = compare(read);
            assertOnceAndInOrder(read, written);
            podman.await(
                    "who followed from the start has seen all of " + written,
                    () -> matching(follower, RECORD) >= written);
            assertEquals(read, records(follower.lines()), "what was followed");
            return written;
        }
    }

    /// Values by partition and offset, each of which may occur once.
    private static Map<Integer, SortedMap<Long, Integer>> records(List<String> lines) {
        Map<Integer, SortedMap<Long, Integer>> records = new HashMap<>();
        for (var line : lines) {
            var record = RECORD.matcher(line);
            if (record.matches()) {
                var before = records.computeIfAbsent(Integer.parseInt(record.group(1)), _ -> new TreeMap<>())
                        .put(Long.parseLong(record.group(2)), Integer.parseInt(record.group(3)));
                assertNull(before, () -> "read twice: " + line);
            }
        }
        return records;
    }

    /// Every acknowledged record is where the acknowledgement said.
    private int compare(Map<Integer, SortedMap<Long, Integer>> read) {
        var acknowledged = new HashSet<Integer>();
        for (var line : writer.lines()) {
            var ack = ACK.matcher(line);
            if (ack.matches()) {
                var number = Integer.parseInt(ack.group(1));
                var partition = read.getOrDefault(Integer.parseInt(ack.group(2)), new TreeMap<>());
                assertTrue(acknowledged.add(number), () -> line + " was acknowledged twice");
                // Of what was tried again for long the broker may not know the offset any more.
                if (!ack.group(3).equals("-")) {
                    assertEquals(number, partition.get(Long.parseLong(ack.group(3))), () -> "lost: " + line);
                }
            }
        }
        assertTrue(
                writer.output().contains("produced " + String.format("%,d", acknowledged.size())),
                () -> acknowledged.size() + " were acknowledged, but "
                        + writer.lines().getLast());
        return acknowledged.size();
    }

    private static void assertOnceAndInOrder(Map<Integer, SortedMap<Long, Integer>> read, int written) {
        var seen = new HashSet<Integer>();
        for (var partition : read.values()) {
            List<Integer> numbers = new ArrayList<>(partition.values());
            assertEquals(numbers.stream().sorted().toList(), numbers, "out of order");
            numbers.forEach(number -> assertTrue(seen.add(number), () -> number + " is there twice"));
        }
        assertEquals(written, seen.size(), "records in the topic");
    }

    @Override
    public void close() {
        writer.close();
        follower.close();
    }
}
