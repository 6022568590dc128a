package io.weirlog.replication.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.weirlog.common.InvariantViolation;
import io.weirlog.replication.core.Bug;
import io.weirlog.replication.core.BuggyRoles;
import io.weirlog.replication.core.Roles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Known stories of replicated logs, as files to read: a command to a line, and after `----` what it led to, as far as
/// it differs from before. `-Dweirlog.scenarios.rewrite=true` writes what it led to into the files.
///
/// A scenario that names a bug, `bug: NAME`, goes wrong with it.
class ScenarioTest {
    private static final Path FOLDER = Path.of("src/test/resources/scenarios");
    private static final boolean REWRITE = Boolean.getBoolean("weirlog.scenarios.rewrite");

    static Stream<Path> scenarios() throws IOException {
        try (var files = Files.list(FOLDER)) {
            return files.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void happensAsWritten(Path file) throws IOException {
        var expected = Files.readString(file);
        var actual = new ScenarioPlay(new Roles()).of(expected);
        if (REWRITE) {
            Files.writeString(file, actual);
        }
        assertEquals(expected, actual, file.toString());
        assertFalse(actual.contains("lost: "), "something acknowledged is lost in " + file);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void goesWrongWithItsBug(Path file) throws IOException {
        var text = Files.readString(file);
        for (var bug : Bug.values()) {
            if (text.contains("bug: " + bug + "\n")) {
                assertNotEquals(text, playWith(bug, text), file + " does not show " + bug);
            }
        }
    }

    private static String playWith(Bug bug, String text) throws IOException {
        try {
            return new ScenarioPlay(new BuggyRoles(bug)).of(text);
        } catch (InvariantViolation | IllegalStateException e) {
            return "it stops: " + e.getMessage();
        }
    }
}
