package io.weirlog.cli.conformance;

/// A driver hangs, talks rubbish or has ended: it cannot be used any more.
final class DriverBroken extends Exception {
    private static final long serialVersionUID = 1;

    DriverBroken(String message) {
        super(message);
    }
}
