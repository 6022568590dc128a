package io.weirlog.cli;

/// A command could not do what it was asked; the message is the one line that its caller is shown.
final class CommandFailed extends Exception {
    private static final long serialVersionUID = 1;

    CommandFailed(String message) {
        super(message);
    }

    CommandFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
