package io.weirlog.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.weirlog.metadata.inspect.MetadataFiles;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Prints one line for each snapshot and each entry of the log, or for each thing that a cluster knows of.
@Command(
        name = "dump",
        description = {
            "Print snapshots and log entries, one on a line.",
            "Of a running cluster: controllers, brokers, topics and partitions as they are now."
        })
final class MetadataDumpCommand implements Callable<Integer> {
    private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();
    private final Streams streams;

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = {MetadataCommand.DIRECTORY, "Without it, a running cluster is asked."})
    private Optional<Path> directory = Optional.empty();

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    @Mixin
    private final OutputOption output = new OutputOption();

    MetadataDumpCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException {
        if (directory.isPresent()) {
            MetadataFiles.open(directory.get()).dump(this::print);
        } else {
            try (var client = bootstrap.client()) {
                var known = MetadataFiles.exported(client.controllers().export());
                known.lines().forEach(this::print);
            }
        }
        return ExitCode.OK;
    }

    private void print(Map<String, Object> line) {
        output.print(streams.out(), () -> text(line), () -> gson.toJsonTree(line));
    }

    private static String text(Map<String, Object> line) {
        return line.entrySet().stream()
                .map(field -> field.getKey() + "=" + ErrorLines.oneLine(String.valueOf(field.getValue())))
                .collect(Collectors.joining(" "));
    }
}
