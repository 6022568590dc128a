package io.weirlog.metadata;

import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataLimits;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// Proposes again and again until the quorum answers or time is up. That is safe even where an attempt may have
/// been applied: the machine answers a request it has seen as it did the first time.
public final class ProposingClient implements MetadataClient, AutoCloseable {
    /// As many as Raft takes at once.
    static final int UNDER_WAY_MAX = 4096;

    private static final long RETRY_MILLIS = 20;
    private static final String CLOSED = "the metadata quorum is closed";

    private final Submitter submitter;
    private final Duration timeout;
    /// Attempts and completions run here: the submitter's own threads may be those that apply the log.
    private final Executor executor;

    private final Set<Proposal> underWay = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /// One command on its way. Its attempts follow one another. Locked, so that an attempt that is about to
    /// begin and an end that is about to be told agree on whether the command may be applied.
    private static final class Proposal {
        final byte[] command;
        final CompletableFuture<MetadataReply> result = new CompletableFuture<>();
        final CompletableFuture<Void> deadline = new CompletableFuture<>();
        private boolean ended;
        private boolean underWay;
        private boolean uncertain;
        private String trouble = "it is slow, or none of its members leads";

        Proposal(byte[] command) {
            this.command = command;
        }

        /// Whether there is still an attempt to be made.
        synchronized boolean beginAttempt() {
            underWay = !ended;
            return underWay;
        }

        synchronized void endAttempt(boolean maybeApplied, String reason) {
            underWay = false;
            uncertain |= maybeApplied;
            trouble = reason;
        }

        /// No attempt begins after this.
        ///
        /// @return whether the command was certainly not and will certainly not be applied
        synchronized boolean end() {
            ended = true;
            return !underWay && !uncertain;
        }

        synchronized String trouble() {
            return trouble;
        }
    }

    /// @param timeout how long a proposal may take before its outcome is given up on
    public ProposingClient(Submitter submitter, Duration timeout, Executor executor) {
        this.submitter = submitter;
        this.timeout = timeout;
        this.executor = executor;
    }

    @Override
    public CompletableFuture<MetadataReply> propose(MetadataCommand command) {
        byte[] bytes = CommandCodec.encode(command);
        if (bytes.length > MetadataLimits.COMMAND_BYTES_MAX) {
            return CompletableFuture.completedFuture(new MetadataReply.Rejected(
                    RejectReason.COMMAND_TOO_LARGE,
                    "the request takes %d bytes, at most %d are allowed"
                            .formatted(bytes.length, MetadataLimits.COMMAND_BYTES_MAX)));
        }
        var proposal = new Proposal(bytes);
        underWay.add(proposal);
        if (closed || underWay.size() > UNDER_WAY_MAX) {
            fail(proposal, closed ? CLOSED : "%d proposals wait already".formatted(UNDER_WAY_MAX));
            return proposal.result;
        }
        var _ = proposal.deadline
                .completeOnTimeout(null, timeout.toMillis(), TimeUnit.MILLISECONDS)
                .thenRunAsync(() -> expire(proposal), executor);
        executor.execute(() -> attempt(proposal));
        return proposal.result;
    }

    private void attempt(Proposal proposal) {
        if (proposal.beginAttempt()) {
            var _ = submitter
                    .submit(proposal.command)
                    .thenAcceptAsync(outcome -> attempted(proposal, outcome), executor);
        }
    }

    private void attempted(Proposal proposal, Submission outcome) {
        switch (outcome) {
            case Submission.Answered(var reply) -> {
                settle(proposal);
                proposal.result.complete(reply);
            }
            case Submission.Overloaded(var reason) -> {
                proposal.endAttempt(false, reason);
                fail(proposal, "the metadata quorum is overloaded: " + reason);
            }
            case Submission.NotAppended(var reason) -> {
                proposal.endAttempt(false, reason);
                retry(proposal);
            }
            case Submission.Unknown(var reason) -> {
                proposal.endAttempt(true, reason);
                retry(proposal);
            }
        }
    }

    private void retry(Proposal proposal) {
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS, executor)
                .execute(() -> attempt(proposal));
    }

    private void expire(Proposal proposal) {
        fail(proposal, "no answer from the metadata quorum within %s: %s".formatted(timeout, proposal.trouble()));
    }

    private void fail(Proposal proposal, String message) {
        boolean notApplied = settle(proposal);
        proposal.result.completeExceptionally(new MetadataUnavailableException(message, notApplied, null));
    }

    private boolean settle(Proposal proposal) {
        underWay.remove(proposal);
        proposal.deadline.cancel(false);
        return proposal.end();
    }

    @Override
    public void close() {
        closed = true;
        for (var proposal : underWay) {
            fail(proposal, CLOSED);
        }
    }
}
