package io.weirlog.server.config;

/// How the text of a value is read and what range it has.
///
/// @param range what is allowed, for people: `a port from 0 to 65535`
public record ConfigType<T>(String range, Parser<T> parser) {
    /// What came of reading a text.
    public sealed interface Parsed<T> {
        record Ok<T>(T value) implements Parsed<T> {}

        /// @param message says what was expected
        record Bad<T>(String message) implements Parsed<T> {}
    }

    /// Throws [IllegalArgumentException] for a text that it does not understand or that is out of range.
    @FunctionalInterface
    public interface Parser<T> {
        T parse(String text);
    }

    public Parsed<T> parse(String text) {
        try {
            return new Parsed.Ok<>(parser.parse(text.strip()));
        } catch (IllegalArgumentException malformed) {
            return new Parsed.Bad<>("'" + text + "' is not " + range);
        }
    }
}
