package io.weirlog.cli;

import io.weirlog.metadata.inspect.MetadataFiles;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Where metadata are to be read: the files of a controller, or a cluster that runs.
final class MetadataSource {
    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = {MetadataCommand.DIRECTORY, "Without it, a running cluster is asked."})
    private Optional<Path> directory = Optional.empty();

    @Option(
            names = "--at",
            paramLabel = "INDEX",
            description = "After which entry of the log in DIR; by default the last that is known to be committed.")
    private Optional<Long> at = Optional.empty();

    @Mixin
    private final BootstrapOption bootstrap = new BootstrapOption();

    Optional<Path> directory() {
        return directory;
    }

    BootstrapOption cluster() throws CommandFailed {
        if (at.isPresent()) {
            throw new CommandFailed("--at needs DIR: a running cluster tells its metadata of now");
        }
        return bootstrap;
    }

    MetadataFiles.Known read() throws IOException, MetadataFilesException, CommandFailed {
        if (directory.isPresent()) {
            return MetadataFiles.open(directory.get())
                    .replay(at.map(index -> OptionalLong.of(index)).orElse(OptionalLong.empty()));
        }
        try (var client = cluster().client()) {
            return MetadataFiles.exported(client.controllers().export());
        }
    }
}
