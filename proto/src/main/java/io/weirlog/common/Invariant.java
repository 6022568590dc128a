package io.weirlog.common;

import com.google.errorprone.annotations.FormatMethod;

/// Always-on checks of what must be true of our own state.
///
/// A failed check means that the program contradicts itself: the partition (or machine) that fails it stops, the node
/// goes on. Input from outside is never checked here; it is validated, and its sender gets an error.
public final class Invariant {
    private Invariant() {}

    /// Checks `condition`; `message` is a [String#format] pattern that begins with the invariant's id where it has one,
    /// for example `"R7: high watermark %s is past log end %s"`.
    @FormatMethod
    public static void check(boolean condition, String message, Object... arguments) {
        if (!condition) {
            throw new InvariantViolation(String.format(message, arguments));
        }
    }

    /// The same for hot paths: no argument is boxed unless the check fails.
    @FormatMethod
    public static void check(boolean condition, String message, long first, long second) {
        if (!condition) {
            throw new InvariantViolation(String.format(message, first, second));
        }
    }
}
