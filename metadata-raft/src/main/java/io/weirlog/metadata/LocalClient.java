package io.weirlog.metadata;

import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataLimits;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import io.weirlog.metadata.ratis.Submission;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Proposes to the quorum member in this process, again and again until it answers or time is up. That is safe
/// even where an attempt may have been applied: the machine answers a request it has seen as it did the first
/// time.
final class LocalClient implements MetadataClient, AutoCloseable {
    private static final long RETRY_MILLIS = 20;
    private static final String CLOSED = "the metadata quorum is closed";

    private final Function<byte[], CompletableFuture<Submission>> member;
    private final Duration timeout;
    /// Attempts and completions run here: the member's own threads apply the log.
    private final Executor executor;

    private final Set<Proposal> underWay = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /// One command on its way. Its attempts follow one another.
    private static final class Proposal {
        final byte[] command;
        final CompletableFuture<MetadataReply> result = new CompletableFuture<>();
        final CompletableFuture<Void> deadline = new CompletableFuture<>();
        /// Whether all attempts so far have ended, and without the log having seen any of them.
        volatile boolean certainlyNotApplied = true;

        volatile String lastTrouble = "it is slow, or none of its members leads";

        Proposal(byte[] command) {
            this.command = command;
        }
    }

    LocalClient(Function<byte[], CompletableFuture<Submission>> member, Duration timeout, Executor executor) {
        this.member = member;
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
        if (closed) {
            fail(proposal, CLOSED, true);
            return proposal.result;
        }
        var _ = proposal.deadline
                .completeOnTimeout(null, timeout.toMillis(), TimeUnit.MILLISECONDS)
                .thenRunAsync(() -> expire(proposal), executor);
        executor.execute(() -> attempt(proposal));
        return proposal.result;
    }

    private void attempt(Proposal proposal) {
        if (proposal.result.isDone()) {
            return;
        }
        boolean before = proposal.certainlyNotApplied;
        proposal.certainlyNotApplied = false; // Unknown while the attempt is under way.
        var _ = member.apply(proposal.command)
                .thenAcceptAsync(outcome -> attempted(proposal, before, outcome), executor);
    }

    private void attempted(Proposal proposal, boolean certainBefore, Submission outcome) {
        switch (outcome) {
            case Submission.Answered(var reply) -> {
                end(proposal);
                proposal.result.complete(reply);
            }
            case Submission.Overloaded(var reason) ->
                fail(proposal, "the metadata quorum is overloaded: " + reason, certainBefore);
            case Submission.NotAppended(var reason) -> {
                proposal.certainlyNotApplied = certainBefore;
                retry(proposal, reason);
            }
            case Submission.Unknown(var reason) -> retry(proposal, reason);
        }
    }

    private void retry(Proposal proposal, String trouble) {
        proposal.lastTrouble = trouble;
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS, executor)
                .execute(() -> attempt(proposal));
    }

    private void expire(Proposal proposal) {
        fail(
                proposal,
                "no answer from the metadata quorum within %s: %s".formatted(timeout, proposal.lastTrouble),
                proposal.certainlyNotApplied);
    }

    private void fail(Proposal proposal, String message, boolean notApplied) {
        end(proposal);
        proposal.result.completeExceptionally(new MetadataUnavailableException(message, notApplied, null));
    }

    private void end(Proposal proposal) {
        underWay.remove(proposal);
        proposal.deadline.cancel(false);
    }

    @Override
    public void close() {
        closed = true;
        for (var proposal : underWay) {
            fail(proposal, CLOSED, proposal.certainlyNotApplied);
        }
    }
}
