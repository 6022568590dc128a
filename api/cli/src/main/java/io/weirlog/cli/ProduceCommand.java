package io.weirlog.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "produce", description = "Write lines to a topic, each as a record.")
final class ProduceCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Mixin
    private final ProducerFlags flags = new ProducerFlags();

    @Mixin
    private final RecordFlags records = new RecordFlags();

    @Parameters(paramLabel = "TOPIC", description = "The topic to write to.")
    private String topic = "";

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "Where the lines are; default -, standard input.")
    private String file = "-";

    @Option(
            names = "--partition",
            paramLabel = "N",
            description = "The one partition to write to; default: by key, or any.")
    private Optional<Integer> partition = Optional.empty();

    @Option(
            names = "--print-acks",
            description = "Print line, partition and offset of each acknowledged record at once.")
    private boolean printAcks;

    ProduceCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException, CommandFailed {
        var tally = new SendTally();
        var begun = System.nanoTime();
        long bytes;
        try (var input = open();
                var client = bootstrap.client();
                var producer = client.producer(flags.options());
                var progress = Progress.ofBytes(streams, "write", sizeBytes())) {
            TopicCheck.require(client, topic, partition);
            var lines = new LineSender(new RecordLines(topic, partition, records), producer, tally, progress);
            bytes = printAcks ? lines.sendPrinting(input, streams.out(), output) : lines.send(input);
        }
        summarize(tally, bytes, Duration.ofNanos(System.nanoTime() - begun));
        return ExitCode.OK;
    }

    private void summarize(SendTally tally, long bytes, Duration duration) throws CommandFailed {
        var failures = tally.failures();
        if (output.json() || failures.isEmpty()) {
            output.print(
                    streams.out(),
                    () -> "produced " + Quantities.work(tally.acknowledged(), bytes, duration) + " to " + topic,
                    () -> json(tally, bytes, duration));
        }
        if (failures.isPresent()) {
            throw new CommandFailed(failures.get());
        }
    }

    private JsonObject json(SendTally tally, long bytes, Duration duration) {
        var json = new JsonObject();
        json.addProperty("topic", topic);
        json.addProperty("acknowledged", tally.acknowledged());
        json.addProperty("failed", tally.failed());
        json.addProperty("failed_unknown", tally.failedUnknown());
        json.addProperty("bytes", bytes);
        json.addProperty("millis", duration.toMillis());
        return json;
    }

    private InputStream open() throws IOException {
        return file.equals("-") ? streams.in() : Files.newInputStream(Path.of(file));
    }

    private long sizeBytes() throws IOException {
        return file.equals("-") ? 0 : Files.size(Path.of(file));
    }
}
