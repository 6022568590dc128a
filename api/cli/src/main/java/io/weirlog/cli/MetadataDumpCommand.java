package io.weirlog.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.weirlog.metadata.inspect.MetadataFiles;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Prints one line for each snapshot and each entry of the log.
@Command(name = "dump", description = "Print snapshots and log entries, one on a line.")
final class MetadataDumpCommand implements Callable<Integer> {
    private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = MetadataCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Mixin
    private final OutputOption output = new OutputOption();

    MetadataDumpCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException {
        MetadataFiles.open(directory)
                .dump(line -> output.print(streams.out(), () -> text(line), () -> gson.toJsonTree(line)));
        return ExitCode.OK;
    }

    private static String text(Map<String, Object> line) {
        return line.entrySet().stream()
                .map(field -> field.getKey() + "=" + ErrorLines.oneLine(String.valueOf(field.getValue())))
                .collect(Collectors.joining(" "));
    }
}
