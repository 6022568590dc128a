package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.metadata.inspect.LogRepair;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "repair",
        description = {
            "Cut the torn end off the metadata log of a cluster's only controller, after keeping a copy.",
            "For a node that refuses to start after a loss of power. One controller of several is not repaired: remove it, move its metadata folder away, and add it again."
        })
final class MetadataRepairCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "DIR", description = "The data folder of a node that is stopped.")
    private Path directory = Path.of("");

    @Option(names = "--dry-run", description = "Only tell what would be cut.")
    private boolean dryRun;

    @Mixin
    private final OutputOption output = new OutputOption();

    MetadataRepairCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException {
        var result = LogRepair.repair(directory, dryRun);
        output.print(streams.out(), () -> text(result), () -> json(result));
        return ExitCode.OK;
    }

    private String text(LogRepair.Result result) {
        return switch (result) {
            case LogRepair.Result.Whole() -> "nothing is torn";
            case LogRepair.Result.Cut(var file, var position, var bytes, var copy) ->
                "%s %d bytes at %d of %s%s"
                        .formatted(
                                dryRun ? "would cut" : "cut",
                                bytes,
                                position,
                                file,
                                copy.map(kept -> ", a copy is in " + kept).orElse(""));
        };
    }

    private static JsonObject json(LogRepair.Result result) {
        var json = new JsonObject();
        switch (result) {
            case LogRepair.Result.Whole() -> json.addProperty("torn", false);
            case LogRepair.Result.Cut(var file, var position, var bytes, var copy) -> {
                json.addProperty("torn", true);
                json.addProperty("file", file.toString());
                json.addProperty("position", position);
                json.addProperty("bytes", bytes);
                copy.ifPresent(kept -> json.addProperty("copy", kept.toString()));
            }
        }
        return json;
    }
}
