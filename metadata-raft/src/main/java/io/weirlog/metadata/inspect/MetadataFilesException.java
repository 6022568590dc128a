package io.weirlog.metadata.inspect;

/// The files do not tell what they were asked for. The message says why, and what to do where something can be done.
public final class MetadataFilesException extends Exception {
    private static final long serialVersionUID = 1;

    MetadataFilesException(String message) {
        super(message);
    }
}
