package io.weirlog.log;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Objects;

/// The operating system gives this process no more open files (EMFILE, ENFILE) or memory maps. That is no failure of
/// the disk: what is on it is as it was, and the same call may succeed once others have closed something.
public final class SystemLimitException extends IOException {
    private static final long serialVersionUID = 1;
    /// Of EMFILE, and of ENFILE with "in system" behind it.
    private static final String NO_MORE_FILES = "Too many open files";

    public SystemLimitException(String message, Throwable cause) {
        super(message, cause);
    }

    /// This exception in place of one that says so of a file, any other as it is.
    static IOException orSame(Path file, IOException failure) {
        if (failure instanceof FileSystemException refused
                && Objects.requireNonNullElse(refused.getReason(), "").startsWith(NO_MORE_FILES)) {
            return new SystemLimitException(
                    file + " cannot be opened, too many files are open: raise the limit of this process"
                            + " (LimitNOFILE, ulimit -n) or of the system (fs.file-max)",
                    failure);
        }
        if (failure.getCause() instanceof OutOfMemoryError) {
            return new SystemLimitException(
                    file + " cannot be mapped, too many maps are in use: raise vm.max_map_count", failure);
        }
        return failure;
    }

    /// Whether a failure is one, or has come of one.
    public static boolean isCauseOf(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SystemLimitException) {
                return true;
            }
        }
        return false;
    }
}
