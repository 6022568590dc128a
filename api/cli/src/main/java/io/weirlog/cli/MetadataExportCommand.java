package io.weirlog.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.weirlog.metadata.inspect.MetadataFiles;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "export", description = "Print all metadata as JSON: brokers, topics and their partitions.")
final class MetadataExportCommand implements Callable<Integer> {
    private final Gson gson =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = MetadataCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Option(names = "--at", paramLabel = "INDEX", description = "After which entry; by default the last committed one.")
    private Optional<Long> at = Optional.empty();

    MetadataExportCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException {
        var known = MetadataFiles.open(directory)
                .replay(at.map(index -> OptionalLong.of(index)).orElse(OptionalLong.empty()));
        streams.out().println(gson.toJson(known.tree()));
        return ExitCode.OK;
    }
}
