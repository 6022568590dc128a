package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.log.inspect.AbortedEntry;
import io.weirlog.log.inspect.IndexEntry;
import io.weirlog.log.inspect.LogFiles;
import io.weirlog.log.inspect.ProducerEntry;
import io.weirlog.log.inspect.SegmentWalk;
import io.weirlog.record.Compression;
import io.weirlog.record.MalformedBatchException;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Prints one line for each thing that is in the files, in the words of their formats.
@Command(name = "dump", description = "Print batches, index entries, epochs and producers, one on a line.")
final class LogDumpCommand implements Callable<Integer> {
    private static final int DECOMPRESSED_BYTES_MAX = 64 << 20;

    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = LogCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Option(names = "--records", description = "Print the records too: offset, time and sizes.")
    private boolean records;

    @Mixin
    private final OutputOption output = new OutputOption();

    LogDumpCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, CommandFailed {
        for (var log : LogCommand.find(directory)) {
            dump(log);
        }
        return ExitCode.OK;
    }

    private void dump(LogFiles log) throws IOException {
        for (var name : new String[] {LogFiles.METADATA, LogFiles.EPOCHS, LogFiles.CLEAN_SHUTDOWN}) {
            if (Files.exists(log.file(name))) {
                for (var text : log.lines(name)) {
                    var line = line("line", log.file(name));
                    line.addProperty("text", text);
                    print(line);
                }
            }
        }
        for (var base : log.segments()) {
            dumpBatches(log.segmentFile(base, LogFiles.LOG));
            if (Files.exists(log.segmentFile(base, LogFiles.OFFSET_INDEX))) {
                log.offsetIndex(base).forEach(entry -> dump(log.segmentFile(base, LogFiles.OFFSET_INDEX), entry));
            }
            if (Files.exists(log.segmentFile(base, LogFiles.TIME_INDEX))) {
                log.timeIndex(base).forEach(entry -> dump(log.segmentFile(base, LogFiles.TIME_INDEX), entry));
            }
            if (Files.exists(log.segmentFile(base, LogFiles.TRANSACTION_INDEX))) {
                log.abortedTransactions(base)
                        .forEach(entry -> dump(log.segmentFile(base, LogFiles.TRANSACTION_INDEX), entry));
            }
        }
        for (var offset : log.snapshots()) {
            var file = log.segmentFile(offset, LogFiles.SNAPSHOT);
            log.producers(offset)
                    .ifPresentOrElse(
                            producers -> producers.forEach(producer -> dump(file, producer)),
                            () -> fault(file, "it is no snapshot, or a damaged one"));
        }
    }

    private void dumpBatches(Path file) throws IOException {
        try (var walk = SegmentWalk.open(file)) {
            while (walk.next()) {
                var batch = walk.batch();
                var line = line("batch", file);
                line.addProperty("position", walk.position());
                line.addProperty("base_offset", batch.baseOffset());
                line.addProperty("last_offset", batch.lastOffset());
                line.addProperty("leader_epoch", batch.leaderEpoch());
                line.addProperty("bytes", batch.sizeBytes());
                line.addProperty("records", batch.recordCount());
                line.addProperty(
                        "compression",
                        batch.compression().map(Compression::toString).orElse("unknown"));
                line.addProperty("max_timestamp", batch.maxTimestamp());
                if (batch.hasProducer()) {
                    line.addProperty("producer_id", batch.producerId());
                    line.addProperty("producer_epoch", batch.producerEpoch());
                    line.addProperty("base_sequence", batch.baseSequence());
                }
                line.addProperty("transactional", batch.isTransactional());
                line.addProperty("control", batch.isControl());
                line.addProperty("crc_valid", batch.crcIsValid());
                print(line);
                if (records) {
                    dumpRecords(file, batch);
                }
            }
            walk.restProblem().ifPresent(finding -> {
                var line = line("fault", file);
                line.addProperty("position", finding.position());
                line.addProperty("problem", finding.problem());
                print(line);
            });
        }
    }

    private void dumpRecords(Path file, RecordBatch batch) {
        try {
            var reader = RecordReader.open(batch, DECOMPRESSED_BYTES_MAX);
            while (reader.next()) {
                var line = line("record", file);
                line.addProperty("offset", reader.offset());
                line.addProperty("timestamp", reader.timestampMillis());
                line.addProperty("key_bytes", sizeOf(reader.key()));
                line.addProperty("value_bytes", sizeOf(reader.value()));
                line.addProperty("headers", reader.headers().size());
                print(line);
            }
        } catch (MalformedBatchException e) {
            fault(file, String.valueOf(e.getMessage()));
        }
    }

    private void fault(Path file, String problem) {
        var line = line("fault", file);
        line.addProperty("problem", problem);
        print(line);
    }

    /// Null for null, so that it is told apart from an empty one.
    private static @Nullable Integer sizeOf(@Nullable ByteBuffer bytes) {
        return bytes == null ? null : bytes.remaining();
    }

    private void dump(Path file, IndexEntry entry) {
        var line = line("index", file);
        switch (entry) {
            case IndexEntry.OfOffset offset -> {
                line.addProperty("last_offset", offset.lastOffset());
                line.addProperty("position", offset.position());
            }
            case IndexEntry.OfTime time -> {
                line.addProperty("timestamp", time.timestampMillis());
                line.addProperty("last_offset", time.lastOffset());
            }
        }
        print(line);
    }

    private void dump(Path file, AbortedEntry aborted) {
        var line = line("aborted", file);
        line.addProperty("producer_id", aborted.producerId());
        line.addProperty("first_offset", aborted.firstOffset());
        line.addProperty("last_offset", aborted.lastOffset());
        line.addProperty("last_stable_offset", aborted.lastStableOffset());
        print(line);
    }

    private void dump(Path file, ProducerEntry producer) {
        var line = line("producer", file);
        line.addProperty("producer_id", producer.producerId());
        line.addProperty("producer_epoch", producer.epoch());
        producer.lastBatch().ifPresent(last -> {
            line.addProperty("last_sequence", last.lastSequence());
            line.addProperty("last_offset", last.lastOffset());
        });
        line.addProperty("timestamp", producer.timestampMillis());
        producer.coordinatorEpoch().ifPresent(epoch -> line.addProperty("coordinator_epoch", epoch));
        producer.transactionStart().ifPresent(start -> line.addProperty("open_transaction_from", start));
        print(line);
    }

    private static JsonObject line(String what, Path file) {
        var line = new JsonObject();
        line.addProperty("what", what);
        line.addProperty("file", file.toString());
        return line;
    }

    private void print(JsonObject line) {
        output.print(streams.out(), () -> text(line), () -> line);
    }

    private static String text(JsonObject line) {
        var text = new StringBuilder();
        line.entrySet()
                .forEach(entry -> text.append(text.isEmpty() ? "" : "  ")
                        .append(
                                entry.getKey().equals("what") || entry.getKey().equals("file")
                                        ? entry.getValue().getAsString()
                                        : entry.getKey() + "=" + entry.getValue()));
        return ErrorLines.oneLine(text.toString());
    }
}
