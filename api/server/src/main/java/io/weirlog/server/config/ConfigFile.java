package io.weirlog.server.config;

import io.weirlog.server.config.ConfigOrigin.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/// Reads `weirlog.yaml` into flat keys: `client: {port: 1}` and `client.port: 1` are the same.
///
/// Only the nodes of the file are read and never turned into objects, so a value is what stands there: `010` is not 8,
/// `no` is not false, and no class is ever named by a file.
final class ConfigFile {
    private static final int FILE_BYTES_MAX = 1024 * 1024;
    private static final int ENTRIES_MAX = 10_000;
    private static final int DEPTH_MAX = 16;

    private final String shownPath;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final List<ConfigProblem> problems = new ArrayList<>();

    private ConfigFile(Path path) {
        this.shownPath = path.toString();
    }

    record Entry(String value, File origin) {}

    /// What stood in the file, and what was wrong with it.
    record Content(Map<String, Entry> entries, List<ConfigProblem> problems) {}

    static Content read(Path path) {
        var file = new ConfigFile(path);
        try {
            file.parse(path);
        } catch (NoSuchFileException missing) {
            file.problem(1, file.shownPath, "there is no such file");
        } catch (MarkedYAMLException malformed) {
            var mark = malformed.getProblemMark();
            file.problem(mark == null ? 1 : mark.getLine() + 1, file.shownPath, "not YAML: " + malformed.getProblem());
        } catch (IOException | YAMLException unreadable) {
            file.problem(1, file.shownPath, "cannot be read: " + unreadable.getMessage());
        }
        return new Content(file.entries, file.problems);
    }

    private void parse(Path path) throws IOException {
        if (Files.size(path) > FILE_BYTES_MAX) {
            problem(1, shownPath, "larger than " + Units.showBytes(FILE_BYTES_MAX));
            return;
        }
        var options = new LoaderOptions();
        options.setMaxAliasesForCollections(16);
        options.setNestingDepthLimit(DEPTH_MAX);
        try (var reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            var root = new Yaml(new SafeConstructor(options)).compose(reader);
            if (root instanceof MappingNode mapping) {
                flatten("", mapping);
            } else if (root != null && !isNull(root)) {
                problem(line(root), shownPath, "must consist of lines 'key: value'");
            }
        }
    }

    private void flatten(String prefix, MappingNode mapping) {
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
                problem(line(tuple.getKeyNode()), prefix + "?", "a key must be a plain word");
                continue;
            }
            var key = prefix + keyNode.getValue();
            switch (tuple.getValueNode()) {
                case MappingNode nested -> flatten(key + ".", nested);
                case SequenceNode list
                when list.getValue().stream().allMatch(ScalarNode.class::isInstance) ->
                    put(key, joined(list), line(keyNode));
                case ScalarNode scalar when !isNull(scalar) -> put(key, scalar.getValue(), line(keyNode));
                // `client:` over nothing but comments is the habit of commented-out examples.
                case ScalarNode empty when hasKeysBelow(key) -> {}
                case ScalarNode empty -> problem(line(empty), key, "has no value: give one, or remove the line");
                default -> problem(line(keyNode), key, "must be a single value or a list of single values");
            }
        }
    }

    private static String joined(SequenceNode list) {
        return String.join(
                ",",
                list.getValue().stream()
                        .map(node -> ((ScalarNode) node).getValue())
                        .toList());
    }

    private static boolean hasKeysBelow(String key) {
        return ConfigKeys.TOPIC_DEFAULTS_PREFIX.startsWith(key + ".")
                || ConfigKeys.ALL.stream().anyMatch(known -> known.name().startsWith(key + "."));
    }

    private void put(String key, String value, int line) {
        var origin = new File(shownPath, line);
        if (entries.size() >= ENTRIES_MAX) {
            problems.add(new ConfigProblem(key, origin, "one of more than " + ENTRIES_MAX + " entries"));
            return;
        }
        var earlier = entries.putIfAbsent(key, new Entry(value, origin));
        if (earlier != null) {
            problem(
                    line,
                    key,
                    "is given twice, first in line " + earlier.origin().line());
        }
    }

    private void problem(int line, String subject, String message) {
        problems.add(new ConfigProblem(subject, new File(shownPath, line), message));
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private static int line(Node node) {
        return node.getStartMark().getLine() + 1;
    }
}
