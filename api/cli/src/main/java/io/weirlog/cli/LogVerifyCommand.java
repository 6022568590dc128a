package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.log.inspect.Finding;
import io.weirlog.log.inspect.LogComparison;
import io.weirlog.log.inspect.LogFiles;
import io.weirlog.log.inspect.LogVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        description = "Check batches, offsets, epochs, indexes and all other files; name the place of each fault.")
final class LogVerifyCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = LogCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Option(names = "--compacted", description = "Offsets may be missing, as in compacted topics.")
    private boolean compacted;

    @Option(
            names = "--compare",
            paramLabel = "DIR2",
            description =
                    "Also compare with the replicas here, byte by byte, from where both begin to where the shorter"
                            + " one ends.")
    private @Nullable Path compare;

    @Option(
            names = "--up-to",
            paramLabel = "OFFSET",
            description = "Compare nothing from this offset on, such as the high watermark.")
    private long upTo = Long.MAX_VALUE;

    @Mixin
    private final OutputOption output = new OutputOption();

    LogVerifyCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, CommandFailed {
        var logs = LogCommand.find(directory);
        var findings = new ArrayList<>(LogVerifier.verifyTopicIds(logs));
        var totalBytes = 0L;
        for (var log : logs) {
            totalBytes += log.sizeBytes();
        }
        try (var progress = Progress.ofBytes(streams, "verify", totalBytes)) {
            var doneBytes = 0L;
            for (var log : logs) {
                var before = doneBytes;
                findings.addAll(LogVerifier.verify(log, compacted, bytes -> progress.at(before + bytes)));
                doneBytes += log.sizeBytes();
            }
        }
        var comparisons = compare == null ? Map.<LogFiles, LogComparison>of() : compare(logs, compare, findings);
        output.print(
                streams.out(),
                () -> text(logs.size(), findings, comparisons),
                () -> json(logs.size(), findings, comparisons));
        return findings.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /// Pairs replicas by the names of their directories; a single log goes with a single log whatever they are called.
    private Map<LogFiles, LogComparison> compare(List<LogFiles> logs, Path place, List<Finding> findings)
            throws IOException, CommandFailed {
        var others = LogCommand.find(place);
        var comparisons =
                new TreeMap<LogFiles, LogComparison>((a, b) -> a.directory().compareTo(b.directory()));
        for (var log : logs) {
            var other = logs.size() == 1 && others.size() == 1 ? Optional.of(others.getFirst()) : named(others, log);
            if (other.isEmpty()) {
                findings.add(new Finding(log.directory(), 0, "there is no replica of it in " + place));
                continue;
            }
            var comparison = LogComparison.compare(log, other.get(), upTo);
            comparison.difference().ifPresent(findings::add);
            comparisons.put(log, comparison);
        }
        return comparisons;
    }

    private static Optional<LogFiles> named(List<LogFiles> logs, LogFiles wanted) {
        var name = wanted.directory().getFileName();
        return logs.stream()
                .filter(log -> log.directory().getFileName().equals(name))
                .findFirst();
    }

    private static String text(int logs, List<Finding> findings, Map<LogFiles, LogComparison> comparisons) {
        var lines = findings.stream()
                .map(finding ->
                        ErrorLines.oneLine(finding.file() + ", byte " + finding.position() + ": " + finding.problem())
                                + System.lineSeparator())
                .collect(Collectors.joining());
        var equal = comparisons.entrySet().stream()
                .map(entry -> ErrorLines.oneLine(entry.getKey().directory() + ": "
                                + Quantities.count(entry.getValue().batches(), "equal batch", "equal batches")
                                + " from offset " + entry.getValue().fromOffset() + " to "
                                + entry.getValue().toOffset())
                        + System.lineSeparator())
                .collect(Collectors.joining());
        return lines + equal + Quantities.count(logs, "log") + ", " + Quantities.count(findings.size(), "fault");
    }

    private static JsonObject json(int logs, List<Finding> findings, Map<LogFiles, LogComparison> comparisons) {
        var json = new JsonObject();
        json.addProperty("logs", logs);
        var array = new JsonArray();
        findings.forEach(finding -> {
            var entry = new JsonObject();
            entry.addProperty("file", finding.file().toString());
            entry.addProperty("position", finding.position());
            entry.addProperty("problem", finding.problem());
            array.add(entry);
        });
        json.add("findings", array);
        if (!comparisons.isEmpty()) {
            var compared = new JsonArray();
            comparisons.forEach((log, comparison) -> {
                var entry = new JsonObject();
                entry.addProperty("directory", log.directory().toString());
                entry.addProperty("from_offset", comparison.fromOffset());
                entry.addProperty("to_offset", comparison.toOffset());
                entry.addProperty("equal_batches", comparison.batches());
                entry.addProperty("equal_bytes", comparison.bytes());
                entry.addProperty("equal", comparison.difference().isEmpty());
                compared.add(entry);
            });
            json.add("compared", compared);
        }
        return json;
    }
}
