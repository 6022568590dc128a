package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.metadata.inspect.MetadataFiles;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "hash",
        description = {
            "Print the hash of the metadata at an entry of the log.",
            "All controllers have the same hash at the same entry."
        })
final class MetadataHashCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = MetadataCommand.DIRECTORY)
    private Path directory = Path.of("");

    @Option(names = "--at", paramLabel = "INDEX", description = "The entry; by default the last committed one.")
    private Optional<Long> at = Optional.empty();

    @Mixin
    private final OutputOption output = new OutputOption();

    MetadataHashCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException {
        var known = MetadataFiles.open(directory)
                .replay(at.map(index -> OptionalLong.of(index)).orElse(OptionalLong.empty()));
        output.print(streams.out(), () -> known.index() + " " + known.hash(), () -> {
            var json = new JsonObject();
            json.addProperty("index", known.index());
            json.addProperty("hash", known.hash());
            json.addProperty("uncertain_entries", known.uncertainEntries());
            return json;
        });
        return ExitCode.OK;
    }
}
