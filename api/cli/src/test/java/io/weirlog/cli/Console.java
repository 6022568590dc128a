package io.weirlog.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Runs commands within the test, and keeps what they printed.
///
/// @param code the exit code
record Console(int code, String out, String err) {
    static Console run(String... arguments) {
        return runWithInput("", arguments);
    }

    static Console runWithInput(String input, String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        int code = Main.run(Streams.of(in, out, err, false), arguments);
        return new Console(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    List<String> lines() {
        return out.lines().toList();
    }

    /// What a command says that did not do it.
    static Console failure(int code, String line) {
        return new Console(code, "", "weirlog: " + line + System.lineSeparator());
    }
}
