package io.weirlog.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What can be told without a cluster.
class CommandLineTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                        | Missing required subcommand; see weirlog --help
            topic                     | Missing required subcommand; see weirlog topic --help
            topic crate               | Unmatched argument at index 1: 'crate'; did you mean create?; see weirlog topic --help
            topic create              | Missing required parameter: 'NAME'; see weirlog topic create --help
            produce t --linger 5      | Invalid value for option '--linger': '5' is not a duration such as 500ms, 5s or 2m; see weirlog produce --help
            produce t --acks some     | Invalid value for option '--acks': expected one of [NONE, LEADER, ALL] (case-insensitive) but was 'some'; see weirlog produce --help
            consume t --from yesterday | Invalid value for option '--from': 'yesterday' is neither earliest, latest, an offset nor a time such as 2026-01-31T12:00:00Z; see weirlog consume --help
            topic list -b nowhere:x   | --bootstrap-server: "nowhere:x" is no broker address: write host:port, such as 127.0.0.1:7171; see weirlog topic list --help
            dev --nodes 2             | --nodes: 1, 3 or 5, not 2; see weirlog dev --help
            """)
    void aWrongCallIsToldInOneLine(String arguments, String line) {
        assertEquals(Console.failure(2, line), Console.run(split(arguments)));
    }

    @Test
    void aBrokerThatIsNotThereIsToldInOneLine() throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var result = Console.run("topic", "list", "-b", "127.0.0.1:" + port);
        assertEquals(1, result.code());
        assertEquals("", result.out());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().startsWith("weirlog: cannot reach 127.0.0.1:" + port), result.err());
    }

    @Test
    void whereItAroseIsShownOnlyToThoseWhoAsk() {
        var missing = folder.resolve("none").toString();
        assertEquals(Console.failure(1, "no such file: " + missing), Console.run("quickstart", "--file", missing));
        var verbose = Console.run("quickstart", "--file", missing, "--verbose");
        assertTrue(verbose.err().contains("\tat io.weirlog.cli.QuickstartCommand"), verbose.err());
    }

    @Test
    void helpVersionAndCompletion() {
        for (var command : List.of("--help", "topic --help", "topic create --help", "produce -h", "dev --help")) {
            var help = Console.run(split(command));
            assertEquals(0, help.code(), command);
            assertTrue(help.out().startsWith("Usage: weirlog"), help.out());
            assertEquals("", help.err(), command);
        }
        var keys = Console.run("server", "--help").out();
        assertTrue(keys.contains("  client.port, default 7171"), keys);
        var version = Console.run("--version");
        assertEquals(0, version.code());
        assertTrue(version.out().matches("weirlog \\d+\\.\\d+\\.\\d+.*\\R"), version.out());
        assertTrue(Console.run("completion", "zsh").out().contains("bashcompinit"));
        assertTrue(Console.run("completion").out().contains("--key-separator"));
    }

    @Test
    void theConfigurationIsShownWithItsOrigins() throws IOException {
        var file = Files.writeString(folder.resolve("my.yaml"), "client:\n  port: 7000\n");
        var result = Console.run(
                split("server --print-config --config " + file + " -c shards=2 -c topic.defaults.retention.ms=1000"));
        assertEquals(0, result.code(), result.err());
        assertEquals(List.of("KEY", "VALUE", "FROM"), words(result.lines().getFirst()));
        assertLine(result, "client.port", "7000", file + ":2");
        assertLine(result, "shards", "2", "flag", "-c");
        assertLine(result, "cluster.id", "-", "not", "set");
        assertLine(result, "client.host", "0.0.0.0", "default");
        assertLine(result, "topic.defaults.retention.ms", "1000", "flag", "-c");
        var dev = Console.run(split("dev --print-config --port 0 --data-dir x"));
        assertLine(dev, "client.host", "127.0.0.1", "default");
        assertLine(dev, "client.port", "0", "flag", "--port");
        assertLine(dev, "data.dir", "x", "flag", "--data-dir");
    }

    @Test
    void aWrongConfigurationIsToldInFullAndNothingStarts() {
        var result = Console.run(split("dev --port 99999 -c clientport=1 -c shards --data-dir " + folder.resolve("d")));
        assertEquals(2, result.code());
        assertEquals(
                List.of(
                        "weirlog: clientport: there is no such key; did you mean client.port? (flag -c)",
                        "weirlog: shards: '' is not a whole number from 1 to 256 (flag -c shards)",
                        "weirlog: client.port: '99999' is not a port from 0 (any free one) to 65535 (flag --port)"),
                result.err().lines().toList());
        assertTrue(Files.notExists(folder.resolve("d")));
    }

    @Test
    void textOfStrangersStaysOnItsLine() {
        assertEquals("a b ?[31mc", ErrorLines.oneLine("a\r\n  b \u001b[31mc\n"));
        assertEquals(
                "unexpected IllegalStateException: x (run it with --verbose to see where)",
                ErrorLines.describe(new IllegalStateException("x")));
    }

    @Test
    void quantitiesAreForPeople() {
        assertEquals("1 record, 1.5 KiB in 2.0 s (0 records/s)", Quantities.work(1, 1536, Duration.ofSeconds(2)));
        assertEquals(
                "1,000,000 records, 512 B in 0.5 s (2,000,000 records/s)",
                Quantities.work(1_000_000, 512, Duration.ofMillis(500)));
        assertEquals("0 records, 0 B in 0.0 s", Quantities.work(0, 0, Duration.ZERO));
        assertEquals("16.0 TiB", Quantities.bytes(1L << 44));
    }

    private static void assertLine(Console result, String... words) {
        assertEquals(
                List.of(words),
                result.lines().stream()
                        .map(CommandLineTest::words)
                        .filter(line -> line.getFirst().equals(words[0]))
                        .findFirst()
                        .orElse(List.of()),
                result.out());
    }

    private static List<String> words(String line) {
        return List.of(line.strip().split(" +"));
    }

    private static String[] split(String arguments) {
        return arguments.isEmpty() ? new String[0] : arguments.split(" ");
    }
}
