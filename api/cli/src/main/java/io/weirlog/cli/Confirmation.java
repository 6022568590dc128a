package io.weirlog.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Asks a person before something is done that cannot be undone, or takes long.
final class Confirmation {
    private static final int ANSWER_BYTES_MAX = 100;

    private Confirmation() {}

    /// Whether the answer is yes; no answer is none.
    static boolean ask(Streams streams, String question) throws CommandFailed {
        streams.out().flush();
        streams.err().print(question + " [y/N] ");
        streams.err().flush();
        try {
            var answer = new LineReader(streams.in(), ANSWER_BYTES_MAX).next();
            return answer.map(line -> new String(line, StandardCharsets.UTF_8).strip())
                    .filter(line -> line.equalsIgnoreCase("y") || line.equalsIgnoreCase("yes"))
                    .isPresent();
        } catch (IOException e) {
            throw new CommandFailed("the answer cannot be read: " + e.getMessage());
        }
    }
}
