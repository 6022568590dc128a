package io.weirlog.client;

import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.Problem;

/// Somebody else writes as this producer, in a newer epoch. The producer sends nothing any more: close it, and make a
/// new one if that is a mistake.
public final class ProducerFencedException extends WeirlogException {
    private static final long serialVersionUID = 1;

    ProducerFencedException(String message, Problem problem, AppendOutcome outcome) {
        super(message, problem, outcome, null);
    }
}
