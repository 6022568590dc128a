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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts what this broker's leaders want of their in-sync sets to the metadata, many in one command.
///
/// A lost command is repeated by its leaders with another request id and perhaps in other company: each change is
/// guarded by the partition's epoch, so a copy that comes late changes nothing (R9).
public final class MetadataIsrController implements IsrController {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataIsrController.class);

    private final BrokerId self;
    private final MetadataClient metadata;
    /// Of this broker's registration.
    private volatile Optional<BrokerEpoch> epoch = Optional.empty();

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
            return CompletableFuture.completedFuture(all(changes, new Outcome.Unknown()));
        }
        var command = new MetadataCommand.AlterIsr(
                new RequestId(UUID.randomUUID()),
                self,
                epoch.get(),
                changes.stream().map(MetadataIsrController::change).toList());
        return metadata.propose(command).handle((reply, failure) -> outcomes(changes, reply, failure));
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
        var cause = failure instanceof CompletionException ? failure.getCause() : failure;
        LOG.warn("no answer to {} changes of in-sync sets: {}", changes.size(), String.valueOf(cause));
        var notApplied =
                cause instanceof MetadataUnavailableException unavailable && unavailable.outcomeKnownNotApplied();
        return all(changes, notApplied ? new Outcome.Refused(false) : new Outcome.Unknown());
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
