package io.weirlog.common;

/// An invariant of our own state does not hold: whatever owns that state must stop using it.
public final class InvariantViolation extends RuntimeException {
    private static final long serialVersionUID = 1;

    public InvariantViolation(String message) {
        super(message);
    }
}
