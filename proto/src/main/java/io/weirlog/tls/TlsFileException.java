package io.weirlog.tls;

/// A file with certificates or a key is of no use. The message names it and says what to do.
public final class TlsFileException extends Exception {
    private static final long serialVersionUID = 1;

    TlsFileException(String message, Throwable cause) {
        super(message, cause);
    }

    TlsFileException(String message) {
        super(message);
    }
}
