package io.weirlog.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.weirlog.log.inspect.Finding;
import io.weirlog.log.inspect.LogVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "verify", description = "Check batches, offsets, epochs and indexes; name the place of each fault.")
final class LogVerifyCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = LogCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Option(names = "--compacted", description = "Offsets may be missing, as in compacted topics.")
    private boolean compacted;

    @Mixin
    private final OutputOption output = new OutputOption();

    LogVerifyCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, CommandFailed {
        var logs = LogCommand.find(directory);
        var findings = new ArrayList<Finding>();
        for (var log : logs) {
            findings.addAll(LogVerifier.verify(log, compacted));
        }
        output.print(streams.out(), () -> text(logs.size(), findings), () -> json(logs.size(), findings));
        return findings.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static String text(int logs, List<Finding> findings) {
        var lines = findings.stream()
                .map(finding ->
                        ErrorLines.oneLine(finding.file() + ", byte " + finding.position() + ": " + finding.problem())
                                + System.lineSeparator())
                .collect(Collectors.joining());
        return lines + Quantities.count(logs, "log") + ", " + Quantities.count(findings.size(), "fault");
    }

    private static JsonObject json(int logs, List<Finding> findings) {
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
        return json;
    }
}
