package io.weirlog.cli.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Where scenarios come from.
public final class Scenarios {
    private static final String INDEX = "index";
    private static final String ENDING = ".json";

    private Scenarios() {}

    /// Those of the kit, in the order of their index.
    public static List<Scenario> ofTheKit() {
        return resource(INDEX)
                .lines()
                .map(name -> ScenarioFile.parse(name, resource(name + ENDING)))
                .toList();
    }

    /// Those of a folder, by name.
    ///
    /// @throws IllegalArgumentException if one is none
    public static List<Scenario> in(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ENDING))
                    .sorted()
                    .map(Scenarios::read)
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Scenario read(Path file) {
        try {
            var name = file.toFile().getName();
            return ScenarioFile.parse(name.substring(0, name.length() - ENDING.length()), Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String resource(String name) {
        try (var stream = Scenarios.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException("the kit lacks its file " + name);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
