package io.weirlog.cli;

import io.weirlog.server.NodeStartException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

@Command(
        name = "quickstart",
        description = "Write a file to a cluster of one node, read it back and compare, to see that everything works.")
final class QuickstartCommand implements Callable<Integer> {
    private static final String TEXT_BY_DEFAULT = "quickstart.txt";

    private final Streams streams;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The file whose lines are written; - is standard input. Default: a text about Weirlog.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where the node keeps its data. Default: a temporary folder, removed at the end.")
    private Optional<Path> dataDir = Optional.empty();

    @Option(names = "--topic", paramLabel = "NAME", description = "The topic to write to; default quickstart.")
    private String topic = "quickstart";

    @Option(
            names = {"-p", "--partitions"},
            paramLabel = "N",
            description = "How many partitions the topic has; default 3.")
    private Optional<Integer> partitions = Optional.empty();

    QuickstartCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, CommandFailed, NodeStartException {
        try (var scratch = new TemporaryFolder()) {
            var input = input(scratch.path().resolve("input"));
            var plan = new Quickstart.Plan(
                    input, dataDir.orElse(scratch.path().resolve("data")), dataDir.isEmpty(), topic, partitions);
            return new Quickstart(streams, plan).run() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private QuickstartInput input(Path spool) throws IOException {
        if (file.isPresent() && !file.get().equals(Path.of("-"))) {
            // Opened before anything else is done, so that a wrong name shows at once.
            Files.newInputStream(file.get()).close();
            return QuickstartInput.ofFile(file.get());
        }
        try (var stream = file.isPresent() ? streams.in() : textByDefault()) {
            return QuickstartInput.ofStream(stream, spool);
        }
    }

    private static InputStream textByDefault() throws IOException {
        var text = QuickstartCommand.class.getResourceAsStream(TEXT_BY_DEFAULT);
        if (text == null) {
            throw new IOException(
                    "the text " + TEXT_BY_DEFAULT + " is missing in this build; name another with --file");
        }
        return text;
    }
}
