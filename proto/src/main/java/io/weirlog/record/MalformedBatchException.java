package io.weirlog.record;

/// Bytes that claim to be a record batch are not one; the message says in what way.
public class MalformedBatchException extends Exception {
    private static final long serialVersionUID = 1;

    public MalformedBatchException(String message) {
        super(message);
    }

    public MalformedBatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
