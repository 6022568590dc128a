package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.log.inspect.LogStats;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "stats", description = "Show sizes, counts, compression, producers and times.")
final class LogStatsCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = LogCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Mixin
    private final OutputOption output = new OutputOption();

    LogStatsCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, CommandFailed {
        var all = new LinkedHashMap<String, LogStats>();
        for (var log : LogCommand.find(directory)) {
            all.put(log.directory().toString(), LogStats.of(log));
        }
        output.print(streams.out(), () -> table(all), () -> {
            var json = new JsonObject();
            all.forEach((name, stats) -> json.add(name, json(stats)));
            return json;
        });
        return ExitCode.OK;
    }

    private static String table(Map<String, LogStats> all) {
        var table = new TextTable(
                "LOG",
                "SEGMENTS",
                "BATCHES",
                "RECORDS",
                "START",
                "END",
                "SIZE",
                "INDEXES",
                "RATIO",
                "PRODUCERS",
                "FIRST",
                "LAST");
        all.forEach((name, stats) -> table.row(
                name,
                stats.segments(),
                stats.batches(),
                stats.records(),
                stats.startOffset(),
                stats.endOffset(),
                Quantities.bytes(stats.logBytes()),
                Quantities.bytes(stats.indexBytes()),
                String.format(Locale.ROOT, "%.2f", stats.compressionRatio()),
                stats.producers()
                        .map(producers -> String.valueOf(producers.known()))
                        .orElse("-"),
                time(stats.firstTimestampMillis()),
                time(stats.lastTimestampMillis())));
        return table.toString();
    }

    private static String time(OptionalLong millis) {
        return millis.isEmpty() ? "-" : Instant.ofEpochMilli(millis.getAsLong()).toString();
    }

    private static JsonObject json(LogStats stats) {
        var json = new JsonObject();
        json.addProperty("segments", stats.segments());
        json.addProperty("batches", stats.batches());
        json.addProperty("records", stats.records());
        json.addProperty("log_start_offset", stats.startOffset());
        json.addProperty("log_end_offset", stats.endOffset());
        json.addProperty("log_bytes", stats.logBytes());
        json.addProperty("index_bytes", stats.indexBytes());
        json.addProperty("unpacked_bytes", stats.unpackedBytes());
        json.addProperty("compression_ratio", stats.compressionRatio());
        stats.producers().ifPresent(producers -> {
            json.addProperty("producers", producers.known());
            json.addProperty("open_transactions", producers.openTransactions());
            json.addProperty("producers_as_of_offset", producers.offset());
        });
        stats.firstTimestampMillis().ifPresent(millis -> json.addProperty("first_timestamp_ms", millis));
        stats.lastTimestampMillis().ifPresent(millis -> json.addProperty("last_timestamp_ms", millis));
        return json;
    }
}
