package io.weirlog.cli;

import io.weirlog.cli.conformance.JavaDriver;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

@Command(name = "driver", description = "The driver of the Java client: commands on standard input, as lines of JSON.")
final class ConformanceDriverCommand implements Callable<Integer> {
    private final Streams streams;

    ConformanceDriverCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        new JavaDriver().run(new InputStreamReader(streams.in(), StandardCharsets.UTF_8), streams.out());
        return ExitCode.OK;
    }
}
