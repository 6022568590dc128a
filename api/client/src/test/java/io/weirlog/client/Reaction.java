package io.weirlog.client;

import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.Problem;

/// What the test broker does with one append.
sealed interface Reaction {
    record Accept() implements Reaction {}

    record Refuse(Problem problem, AppendOutcome outcome) implements Reaction {}

    /// Appends it and never answers.
    record Swallow() implements Reaction {}

    /// Appends it and breaks the stream instead of answering.
    record AppendAndBreak() implements Reaction {}

    /// Breaks the stream without appending.
    record Break() implements Reaction {}

    /// Keeps it until [InMemoryBroker#release], then does `then`.
    record Hold(Reaction then) implements Reaction {}

    static Reaction refuse(Problem problem) {
        return new Refuse(problem, AppendOutcome.APPEND_OUTCOME_NOT_APPENDED);
    }
}
