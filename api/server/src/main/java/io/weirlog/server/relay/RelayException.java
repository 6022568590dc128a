package io.weirlog.server.relay;

import io.weirlog.v1.Problem;

/// Another broker could not be asked, or did not answer.
public final class RelayException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Problem problem;

    public RelayException(Problem problem) {
        super(problem.getMessage());
        this.problem = problem;
    }

    /// As the client is told.
    public Problem problem() {
        return problem;
    }
}
