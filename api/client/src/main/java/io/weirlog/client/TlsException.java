package io.weirlog.client;

import io.weirlog.v1.Problem;
import org.jspecify.annotations.Nullable;

/// A connection to a broker is not, or cannot be, secured as both sides want it. The message names the cause: a
/// certificate that has expired, is of a foreign authority, is for another host or is missing, or a side that does not
/// speak TLS. Nothing was sent.
public final class TlsException extends WeirlogException {
    private static final long serialVersionUID = 1;

    /// In [#metadata]: which of these causes it is.
    static final String CAUSE_KEY = "tls_failure";

    TlsException(Problem problem, @Nullable Throwable cause) {
        super(problem.getMessage(), problem, null, cause);
    }

    static boolean isOne(Problem problem) {
        return problem.containsMetadata(CAUSE_KEY);
    }
}
