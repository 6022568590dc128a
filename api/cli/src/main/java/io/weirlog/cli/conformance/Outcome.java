package io.weirlog.cli.conformance;

/// What came of a scenario with a driver.
public sealed interface Outcome {
    record Passed() implements Outcome {}

    /// @param why which step, and what was wrong
    record Failed(String why) implements Outcome {}

    /// The driver says that its client does not offer that.
    record Unsupported(String why) implements Outcome {}

    /// It was not played.
    record Skipped(String why) implements Outcome {}

    /// In a table.
    default String word() {
        return switch (this) {
            case Passed _ -> "ok";
            case Failed _ -> "FAILED";
            case Unsupported _ -> "unsupported";
            case Skipped _ -> "skipped";
        };
    }

    default String detail() {
        return switch (this) {
            case Passed _ -> "";
            case Failed(var why) -> why;
            case Unsupported(var why) -> why;
            case Skipped(var why) -> why;
        };
    }
}
