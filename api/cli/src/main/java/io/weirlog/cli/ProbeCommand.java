package io.weirlog.cli;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/// For those who watch over a container or a service and have no HTTP client there.
@Command(
        name = "probe",
        description = "Ask the node on this machine whether it is ready, at its http.port.",
        exitCodeList = {"0:it is", "1:it is not, or does not answer", "2:called wrongly"})
final class ProbeCommand implements Callable<Integer> {
    private static final int ANSWER_BYTES_MAX = 4 * 1024;

    private final Streams streams;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "${env:WEIRLOG_HTTP_PORT:-7180}",
            description = "The node's http.port; default WEIRLOG_HTTP_PORT, or 7180.")
    private int port;

    @Option(names = "--alive", description = "Ask only whether it is alive; it may still be starting then.")
    private boolean alive;

    @Option(names = "--timeout", paramLabel = "TIME", description = "How long to wait; default 2s.")
    private Duration timeout = Duration.ofSeconds(2);

    ProbeCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws CommandFailed {
        var uri = URI.create("http://127.0.0.1:" + port + (alive ? "/healthz" : "/readyz"));
        try {
            var connection = (HttpURLConnection) uri.toURL().openConnection();
            int millis = Math.toIntExact(Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE));
            connection.setConnectTimeout(millis);
            connection.setReadTimeout(millis);
            boolean ok = connection.getResponseCode() == HttpURLConnection.HTTP_OK;
            try (var body = ok ? connection.getInputStream() : connection.getErrorStream()) {
                var answer = body == null ? new byte[0] : body.readNBytes(ANSWER_BYTES_MAX);
                streams.out().println(new String(answer, StandardCharsets.UTF_8).strip());
            }
            return ok ? ExitCode.OK : ExitCode.SOFTWARE;
        } catch (IOException e) {
            throw new CommandFailed("no answer from " + uri + ": " + e.getMessage(), e);
        }
    }
}
