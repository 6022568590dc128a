package io.weirlog.metadata.core;

/// Text of a stranger, made safe to show.
final class Printable {
    private Printable() {}

    /// `text` with `?` for control characters and half characters: neither must reach a terminal, a log or an
    /// encoder.
    static String text(String text) {
        var safe = new StringBuilder(text.length());
        text.codePoints().forEach(character -> safe.appendCodePoint(isSafe(character) ? character : '?'));
        return safe.toString();
    }

    private static boolean isSafe(int character) {
        return !Character.isISOControl(character) && Character.getType(character) != Character.SURROGATE;
    }
}
