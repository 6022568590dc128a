package io.weirlog.log;

import java.io.IOException;
import java.nio.file.Path;

/// A segment holds something that is not a batch where one must be.
public final class CorruptLogException extends IOException {
    private static final long serialVersionUID = 1;

    public CorruptLogException(Path file, long position, String problem) {
        super(file + " is damaged at byte " + position + ": " + problem);
    }
}
