package io.weirlog.cli;

import io.weirlog.client.Admin;
import io.weirlog.client.ConsumerOptions;
import io.weirlog.client.NewTopic;
import io.weirlog.client.PartitionOffset;
import io.weirlog.client.ProducerRecord;
import io.weirlog.client.StartAt;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.server.Node;
import io.weirlog.server.NodeStartException;
import io.weirlog.server.config.NodeConfig;
import io.weirlog.v1.ErrorReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Writes lines to an embedded node through the client, reads them back through another one and compares.
final class Quickstart {
    private static final int PARTITIONS_BY_DEFAULT = 3;
    private static final int MAX_MESSAGE_BYTES = 15 * 512 * 1024;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration SILENCE_MAX = Duration.ofSeconds(30);

    private final Streams streams;
    private final Plan plan;

    /// @param temporary whether the data are going to be removed
    record Plan(QuickstartInput input, Path dataDir, boolean temporary, String topic, Optional<Integer> partitions) {}

    Quickstart(Streams streams, Plan plan) {
        this.streams = streams;
        this.plan = plan;
    }

    /// Returns whether everything came back as it was.
    boolean run() throws IOException, CommandFailed, NodeStartException {
        var changedBefore = lastChange();
        try (var node = Node.start(NodeConfig.embedded(plan.dataDir()))) {
            say(
                    "node",
                    "one node on " + node.clientAddress() + ", data in " + plan.dataDir()
                            + (plan.temporary() ? ", removed at the end" : ""));
            List<Long> firstOffsets;
            try (var client = connect(node)) {
                firstOffsets = prepareTopic(client.admin());
                write(client, firstOffsets.size());
            }
            try (var client = connect(node);
                    var check = new ReadBackCheck(plan.input(), firstOffsets)) {
                readBack(client, check, firstOffsets);
                return report(check, !changedBefore.equals(lastChange()));
            }
        }
    }

    private static WeirlogClient connect(Node node) {
        return WeirlogClient.connect(node.clientAddress());
    }

    private FileTime lastChange() throws IOException {
        return Files.getLastModifiedTime(plan.input().file());
    }

    /// Creates the topic, or takes the one that is there. Returns where each partition ends so far.
    private List<Long> prepareTopic(Admin admin) throws CommandFailed {
        int wanted = plan.partitions().orElse(PARTITIONS_BY_DEFAULT);
        try {
            admin.createTopic(NewTopic.named(plan.topic())
                    .withPartitions(wanted)
                    .withConfig("max.message.bytes", Integer.toString(MAX_MESSAGE_BYTES)));
            say("topic", plan.topic() + ", created with " + Quantities.count(wanted, "partition"));
            return Collections.nCopies(wanted, 0L);
        } catch (WeirlogException refused) {
            if (refused.reason() != ErrorReason.ERROR_REASON_TOPIC_EXISTS) {
                throw refused;
            }
        }
        var ends = ends(admin);
        if (plan.partitions().isPresent() && ends.size() != wanted) {
            throw new CommandFailed("topic " + plan.topic() + " is there already, with "
                    + Quantities.count(ends.size(), "partition") + "; name another with --topic");
        }
        say("topic", plan.topic() + ", which was there, with " + Quantities.count(ends.size(), "partition"));
        return ends;
    }

    private List<Long> ends(Admin admin) {
        return admin.listOffsets(plan.topic(), StartAt.latest()).stream()
                .map(PartitionOffset::offset)
                .map(end -> end.orElse(0))
                .toList();
    }

    private void write(WeirlogClient client, int partitions) throws IOException, CommandFailed {
        var input = plan.input();
        var tally = new SendTally();
        long begun = System.nanoTime();
        try (var producer = client.producer(); // Its close waits for what is on its way.
                var progress = Progress.ofBytes(streams, "write", input.sizeBytes())) {
            input.forEach((line, bytes, bytesSoFar) -> {
                var record = ProducerRecord.of(plan.topic(), ReadBackCheck.keyOf(line), bytes);
                producer.send(record.toPartition(ReadBackCheck.partitionOf(line, partitions)), tally);
                progress.at(bytesSoFar);
                return tally.failed() == 0;
            });
        }
        var failures = tally.failures();
        if (failures.isPresent()) {
            throw new CommandFailed(failures.get());
        }
        say("written", work(tally.acknowledged(), begun) + ", all acknowledged");
    }

    private void readBack(WeirlogClient client, ReadBackCheck check, List<Long> firstOffsets) throws IOException {
        long expected = ends(client.admin()).stream().mapToLong(end -> end).sum()
                - firstOffsets.stream().mapToLong(first -> first).sum();
        var options = ConsumerOptions.builder();
        for (int partition = 0; partition < firstOffsets.size(); partition++) {
            options.partition(plan.topic(), partition, StartAt.offset(firstOffsets.get(partition)));
        }
        long begun = System.nanoTime();
        try (var consumer = client.consumer(options.build());
                var progress = Progress.ofRecords(streams, "read ", expected)) {
            long lastNanos = begun;
            // Up to the end, however much there is: what was doubled in the log must show.
            while (check.read() < expected || (expected > 0 && !consumer.caughtUp())) {
                var records = consumer.poll(POLL);
                for (var record : records) {
                    check.accept(record.partition(), record.offset(), record.keyText(), record.value());
                }
                lastNanos = records.isEmpty() ? lastNanos : System.nanoTime();
                if (System.nanoTime() - lastNanos > SILENCE_MAX.toNanos()) {
                    break; // Whatever is still missing is lost.
                }
                progress.at(check.read());
            }
        }
        say("read back", work(check.read(), begun) + ", through a second connection");
    }

    private boolean report(ReadBackCheck check, boolean changed) {
        if (check.isClean()) {
            say("compared", "every byte is equal, every partition in order");
        } else {
            say(
                    "compared",
                    Quantities.count(check.different(), "record") + " with other bytes than were written, "
                            + Quantities.number(check.disordered()) + " out of order");
            if (changed) {
                say("beware", plan.input().file() + " was changed meanwhile: run it again with a file at rest");
            }
        }
        streams.out()
                .println("quickstart: " + plan.input().lines() + " records written, " + check.read() + " read back, "
                        + check.lost() + " lost, " + check.doubled() + " duplicated");
        return check.isClean();
    }

    private String work(long records, long begunNanos) throws IOException {
        return Quantities.work(records, plan.input().sizeBytes(), Duration.ofNanos(System.nanoTime() - begunNanos));
    }

    private void say(String step, String text) {
        streams.out().println(String.format("%-10s", step) + ErrorLines.oneLine(text));
        streams.out().flush();
    }
}
