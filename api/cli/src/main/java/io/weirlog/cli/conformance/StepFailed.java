package io.weirlog.cli.conformance;

/// A client did not do what a step asks for; the message says what it did.
final class StepFailed extends Exception {
    private static final long serialVersionUID = 1;

    StepFailed(String message) {
        super(message);
    }
}
