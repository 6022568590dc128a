package io.weirlog.server.http;

import io.weirlog.server.ServerProblems;
import io.weirlog.v1.Problem;

/// A request over HTTP that is answered with an error, and which.
final class HttpRefusal extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Problem problem;
    private final int status;

    HttpRefusal(int status, Problem problem) {
        super(problem.getMessage(), null, false, false);
        this.status = status;
        this.problem = problem;
    }

    HttpRefusal(Problem problem) {
        this(HttpErrors.status(problem), problem);
    }

    /// The request cannot be understood.
    static HttpRefusal of(int status, String message) {
        return new HttpRefusal(status, ServerProblems.invalidRequest(message));
    }

    static HttpRefusal of(String message) {
        return of(400, message);
    }

    Problem problem() {
        return problem;
    }

    int status() {
        return status;
    }
}
