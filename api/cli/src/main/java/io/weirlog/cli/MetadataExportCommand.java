package io.weirlog.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(name = "export", description = "Print all metadata as JSON: brokers, topics and their partitions.")
final class MetadataExportCommand implements Callable<Integer> {
    private final Gson gson =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();
    private final Streams streams;

    @Mixin
    private final MetadataSource source = new MetadataSource();

    MetadataExportCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException, CommandFailed {
        streams.out().println(gson.toJson(source.read().tree()));
        return ExitCode.OK;
    }
}
