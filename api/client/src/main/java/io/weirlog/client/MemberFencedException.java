package io.weirlog.client;

import io.weirlog.v1.Problem;

/// Another process has joined the group under the same instance id, and has this one's partitions now. The consumer
/// reads nothing any more: close it, and see to it that each process has an instance id of its own.
public final class MemberFencedException extends WeirlogException {
    private static final long serialVersionUID = 1;

    MemberFencedException(Problem problem) {
        super(problem.getMessage(), problem, null, null);
    }
}
