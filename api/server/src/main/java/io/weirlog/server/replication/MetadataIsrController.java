package io.weirlog.server.replication;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.IsrChange;
import io.weirlog.metadata.core.IsrResult;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.replication.IsrController;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts what this broker's leaders want of their in-sync sets to the metadata, many in one command.
///
/// A command whose outcome is unknown is put again as it is, under the same request id, until it is answered: so no
/// copy of
/// it can still be applied when its leaders believe that it was refused (R9).
public final class MetadataIsrController implements IsrController, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataIsrController.class);
    private static final long RETRY_MILLIS = 100;

    private final BrokerId self;
    private final MetadataClient metadata;
    /// Of this broker's registration.
    private volatile Optional<BrokerEpoch> epoch = Optional.empty();

    private volatile boolean closed;

    public MetadataIsrController(BrokerId self, MetadataClient metadata) {
        this.self = self;
        this.metadata = metadata;
    }

    /// The broker is registered: from now on its leaders may ask.
    public void registered(BrokerEpoch registered) {
        epoch = Optional.of(registered);
    }

    @Override
    public CompletableFuture<List<Outcome>> alter(List<Change> changes) {
        if (epoch.isEmpty()) {
            return CompletableFuture.completedFuture(all(changes, new Outcome.Refused(false)));
        }
        var command = new MetadataCommand.AlterIsr(
                new RequestId(UUID.randomUUID()),
                self,
                epoch.get(),
                changes.stream().map(MetadataIsrController::change).toList());
        return propose(command).handle((reply, failure) -> outcomes(changes, reply, failure));
    }

    private CompletableFuture<MetadataReply> propose(MetadataCommand command) {
        return metadata.propose(command)
                .exceptionallyCompose(failure ->
                        isCertainlyNotApplied(failure) ? CompletableFuture.failedFuture(failure) : again(command));
    }

    /// From now on nobody can say of one attempt alone what came of the command: only an answer ends this, or the
    /// node's
    /// end.
    private CompletableFuture<MetadataReply> again(MetadataCommand command) {
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("the broker stops"));
        }
        return new CompletableFuture<@Nullable Void>()
                .completeOnTimeout(null, RETRY_MILLIS, TimeUnit.MILLISECONDS)
                .thenCompose(now -> metadata.propose(command))
                .exceptionallyCompose(failure -> again(command));
    }

    private static boolean isCertainlyNotApplied(Throwable failure) {
        var cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof MetadataUnavailableException unavailable && unavailable.outcomeKnownNotApplied();
    }

    @Override
    public void close() {
        closed = true;
    }

    private static IsrChange change(Change change) {
        var proposal = change.proposal();
        return new IsrChange(
                change.partition(),
                proposal.leaderEpoch(),
                proposal.partitionEpoch(),
                proposal.inSync().stream()
                        .map(member -> new IsrChange.Member(member.id(), member.epoch()))
                        .toList());
    }

    private static List<Outcome> outcomes(
            List<Change> changes, @Nullable MetadataReply reply, @Nullable Throwable failure) {
        if (reply instanceof MetadataReply.IsrAltered(var results, var _)) {
            return results.stream().map(MetadataIsrController::outcome).toList();
        }
        if (reply instanceof MetadataReply.Rejected(var reason, var message)) {
            LOG.warn("{} changes of in-sync sets were rejected: {} ({})", changes.size(), message, reason);
            return all(changes, new Outcome.Refused(false));
        }
        LOG.warn("no answer to {} changes of in-sync sets: {}", changes.size(), String.valueOf(failure));
        return all(
                changes,
                failure != null && isCertainlyNotApplied(failure) ? new Outcome.Refused(false) : new Outcome.Unknown());
    }

    private static Outcome outcome(IsrResult result) {
        return switch (result) {
            case IsrResult.Altered(var leaderEpoch, var partitionEpoch) ->
                new Outcome.Altered(leaderEpoch, partitionEpoch);
            case IsrResult.Refused(var reason) ->
                switch (reason) {
                    case UNKNOWN_PARTITION, NOT_LEADER, STALE_LEADER_EPOCH, STALE_PARTITION_EPOCH ->
                        new Outcome.Refused(true);
                    case INVALID_IN_SYNC_SET, INELIGIBLE_REPLICA -> new Outcome.Refused(false);
                };
        };
    }

    private static List<Outcome> all(List<Change> changes, Outcome outcome) {
        return changes.stream().map(change -> outcome).toList();
    }
}
