package io.weirlog.deploy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A disk that fills up, or takes nothing any more, costs nothing but the appends that do not fit: a node on a small
/// file system of its own.
@Timeout(300)
class DiskFullTest {
    @TempDir
    private Path folder;

    private interface Work {
        void on(BigRecords records, Run node) throws Exception;
    }

    private ProcessBuilder node(List<String> config) {
        var arguments = new ArrayList<>(
                List.of("dev", "--data-dir", folder.resolve("data").toString(), "--port", "0"));
        config.forEach(pair -> arguments.addAll(List.of("-c", pair)));
        return Run.weirlogBuilder(arguments.toArray(String[]::new));
    }

    /// Runs a node, and kills it afterwards.
    private void withNode(SmallDisk disk, List<String> config, Work work) throws Exception {
        try (var node = disk.start(node(config))) {
            var address = node.line(line -> line.startsWith("ready ")).substring("ready ".length());
            try (var records = new BigRecords(address)) {
                work.on(records, node);
            }
            node.kill();
        }
    }

    @Test
    void appendsAreRefusedByNameAndTakenAgainWhenThereIsRoom() throws Exception {
        try (var disk = SmallDisk.mount(folder.resolve("data"))) {
            withNode(disk, List.of("disk.reserve=48MiB"), (records, node) -> {
                records.create("large");
                records.create("small");
                assertEquals(Optional.empty(), records.append("small"));
                var taken = records.fill(0);
                System.out.println(
                        taken + " records of 512 KiB fit above a reserve of 48 MiB on a disk of " + SmallDisk.MIB);
                assertTrue(taken > 20 && taken < BigRecords.RECORDS_MAX - 48, taken + " records fit");
                records.assertReadable("large", 0, taken);
                // Everything but producing works.
                BigRecords.assertRefused(records.append("small").orElseThrow(), "small");
                records.create("new");
                records.deleteRecords(taken - 1);
                records.awaitTaken("small");
                records.assertReadable("large", taken - 1, 1);
                records.assertReadable("small", 0, 2);
                records.fill(taken);
                records.deleteTopic("large");
                records.awaitTaken("new");
                assertTrue(node.output().contains("has room again"), node::output);
            });
        }
    }

    /// Beyond the reserve a write fails in the middle. The partition is out of service until there is room, and the
    /// node is not.
    @Test
    void whatWasAcknowledgedIsThereAfterTheLastByteWasTaken() throws Exception {
        try (var disk = SmallDisk.mount(folder.resolve("disk"))) {
            withNode(disk, logsOnDisk(), (records, node) -> {
                var taken = fillToTheLastByte(records);
                records.create("new");
                assertFalse(node.output().contains("out of service until the node starts again"), node::output);
                records.deleteTopic("ballast");
                records.awaitTaken("large");
                // What nobody knew the outcome of may be there too.
                records.assertReadable("large", 0, taken + 1);
            });
        }
    }

    private List<String> logsOnDisk() {
        return List.of("disk.reserve=0", "data.dirs=" + folder.resolve("disk"));
    }

    /// @return how many records of the topic 'large' were acknowledged
    private static int fillToTheLastByte(BigRecords records) throws Exception {
        records.create("large");
        records.create("ballast");
        for (var record = 0; record < 80; record++) {
            assertEquals(Optional.empty(), records.append("ballast"));
        }
        for (var taken = 0; taken < BigRecords.RECORDS_MAX; taken++) {
            var problem = records.append("large");
            if (problem.isPresent()) {
                System.out.println(taken + " records, then: " + problem.get().getMessage());
                return taken;
            }
        }
        throw new AssertionError("more was taken than fits");
    }

    /// Recovery has no byte to write to, and must lose none.
    @Test
    void aNodeStartsOnADiskThatIsFull() throws Exception {
        try (var disk = SmallDisk.mount(folder.resolve("disk"))) {
            var taken = new int[1];
            withNode(disk, logsOnDisk(), (records, _) -> taken[0] = fillToTheLastByte(records));
            withNode(disk, logsOnDisk(), (records, node) -> {
                records.awaitReadable("large", taken[0]);
                assertFalse(node.output().contains("out of service until the node starts again"), node::output);
                records.deleteTopic("ballast");
                records.awaitTaken("large");
                records.assertReadable("large", 0, taken[0] + 1);
            });
        }
    }

    @Test
    void aDiskThatIsReadOnlyIsLeftOutAndSaysSo() throws Exception {
        try (var disk = SmallDisk.mount(folder.resolve("disk"))) {
            var both = List.of("data.dirs=" + folder.resolve("disk") + "," + folder.resolve("other"), "disk.reserve=0");
            withNode(disk, both, (records, _) -> {
                records.create("first");
                records.create("second");
                assertEquals(Optional.empty(), records.append("first"));
                assertEquals(Optional.empty(), records.append("second"));
            });
            disk.makeReadOnly();
            withNode(disk, both, (records, node) -> {
                assertTrue(node.output().contains(folder.resolve("disk") + " cannot be used"), node::output);
                records.create("new");
                records.awaitTaken("new");
                // One of the two lies where nothing can be written.
                var refused = records.append("first").isPresent() ? "first" : "second";
                assertTrue(
                        records.append(refused).orElseThrow().getMessage().contains("offline"),
                        () -> records.append(refused).toString());
                assertEquals(Optional.empty(), records.append(refused.equals("first") ? "second" : "first"));
            });
            try (var node = disk.start(node(List.of("data.dirs=" + folder.resolve("disk"))))) {
                assertNotEquals(0, node.exitCode());
                assertTrue(node.output().contains("Read-only file system"), node::output);
            }
        }
    }
}
