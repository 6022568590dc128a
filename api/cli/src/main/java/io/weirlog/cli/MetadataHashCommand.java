package io.weirlog.cli;

import com.google.gson.JsonObject;
import io.weirlog.metadata.inspect.MetadataFilesException;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(
        name = "hash",
        description = {
            "Print the hash of the metadata at an entry of the log.",
            "All controllers have the same hash at the same entry."
        })
final class MetadataHashCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin
    private final MetadataSource source = new MetadataSource();

    @Mixin
    private final OutputOption output = new OutputOption();

    MetadataHashCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, MetadataFilesException, CommandFailed {
        if (source.directory().isPresent()) {
            var known = source.read();
            print(known.index(), known.hash(), "uncertain_entries", known.uncertainEntries());
        } else {
            try (var client = source.cluster().client()) {
                var known = client.controllers().hash();
                print(known.index(), known.hash(), "node_id", known.node().value());
            }
        }
        return ExitCode.OK;
    }

    private void print(long index, String hash, String more, Number value) {
        output.print(streams.out(), () -> index + " " + hash, () -> {
            var json = new JsonObject();
            json.addProperty("index", index);
            json.addProperty("hash", hash);
            json.addProperty(more, value);
            return json;
        });
    }
}
