package io.weirlog.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    @TempDir
    Path folder;

    @Test
    void nestedAndDottedKeysAreTheSame() throws IOException {
        var nested = read("""
                client:
                  host: a
                  advertised.host: b
                roles: [broker, controller]
                raft: {port: 0}
                """);
        var dotted = read("""
                client.host: a
                client.advertised.host: b
                roles: broker,controller
                raft.port: 0
                """);
        assertEquals(values(dotted), values(nested));
        assertEquals(4, values(nested).size());
        assertEquals(List.of(), nested.problems());
    }

    @Test
    void aValueIsWhatStandsThere() throws IOException {
        var content = read("""
                a: 010
                b: no
                c: 1_000
                d: "quoted: #1"
                """);
        assertEquals(Map.of("a", "010", "b", "no", "c", "1_000", "d", "quoted: #1"), values(content));
    }

    @Test
    void anEmptyFileAndCommentedOutExamplesAreFine() throws IOException {
        for (var text : List.of("", "# nothing\n", "---\n", "client:\n  # port: 1\ntopic:\n", "topic: {defaults: }")) {
            assertEquals(new ConfigFile.Content(Map.of(), List.of()), read(text), text);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'shards: 1\nshards: 2'                  | shards: is given twice, first in line 1 (FILE:2)
            'raft.port: 1\nraft: {port: 2}'         | raft.port: is given twice, first in line 1 (FILE:2)
            'shards:'                               | shards: has no value: give one, or remove the line (FILE:1)
            'roles: [[broker]]'                     | roles: must be a single value or a list of single values (FILE:1)
            '- shards'                              | FILE: must consist of lines 'key: value' (FILE:1)
            '{[1]: 2}'                              | ?: a key must be a plain word (FILE:1)
            'a: 1\nb: [1'                           | FILE: not YAML: expected ',' or ']', but got <stream end> (FILE:2)
            '!!java.io.File [x]'                    | FILE: not YAML: Global tag is not allowed: tag:yaml.org,2002:java.io.File (FILE:1)
            'a: 1\n---\nb: 1'                       | FILE: not YAML: but found another document (FILE:2)
            """)
    void aMalformedFileIsRefusedWithTheLine(String text, String problem) throws IOException {
        var content = read(text.replace("\\n", "\n"));
        assertEquals(
                List.of(problem),
                content.problems().stream()
                        .map(found -> found.toString().replace(path().toString(), "FILE"))
                        .toList());
    }

    @Test
    void aMissingAndAHugeFileAreRefused() throws IOException {
        assertEquals(
                "there is no such file",
                ConfigFile.read(folder.resolve("none")).problems().getFirst().message());
        assertEquals(
                "larger than 1MiB",
                read("#".repeat(1_100_000)).problems().getFirst().message());
    }

    @Test
    void aliasesCannotMultiply() throws IOException {
        var bomb = new StringBuilder("a0: &a0 {x: 1}\n");
        for (int level = 1; level < 30; level++) {
            bomb.append("a%1$d: &a%1$d {x: *a%2$d, y: *a%2$d}\n".formatted(level, level - 1));
        }
        assertEquals(1, read(bomb.toString()).problems().size());
    }

    private Path path() {
        return folder.resolve("weirlog.yaml");
    }

    private ConfigFile.Content read(String text) throws IOException {
        return ConfigFile.read(Files.writeString(path(), text));
    }

    private static Map<String, String> values(ConfigFile.Content content) {
        var values = new LinkedHashMap<String, String>();
        content.entries().forEach((key, entry) -> values.put(key, entry.value()));
        return values;
    }
}
