package io.weirlog.server;

/// A node cannot start. The message is one line for the person who started it: what is wrong and what to do.
public final class NodeStartException extends Exception {
    private static final long serialVersionUID = 1;

    public NodeStartException(String message) {
        super(message);
    }

    public NodeStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
