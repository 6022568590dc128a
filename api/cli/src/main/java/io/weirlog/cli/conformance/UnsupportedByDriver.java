package io.weirlog.cli.conformance;

/// A driver says that its client does not offer that.
final class UnsupportedByDriver extends Exception {
    private static final long serialVersionUID = 1;

    UnsupportedByDriver(String message) {
        super(message);
    }
}
