package io.weirlog.replication.sim;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.ProducerVerdict;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/// What the hosts of roles do right, and a test that puts a known bug back does wrong.
public class SimSwitches {
    /// R4: before the first append of the epoch, durably.
    protected void beginEpoch(PartitionLog log, LeaderEpoch epoch) throws IOException {
        log.beginEpoch(epoch);
    }

    /// Roles of a former life must not go on (R1, R10): only metadata that know of the registration count.
    protected boolean mayTakeRoles(long imageIndex, BrokerEpoch registration) {
        return imageIndex >= registration.value();
    }

    /// P1, P2: by what the log says of its producers.
    protected ProducerVerdict judge(PartitionLog log, ByteBuffer batch) {
        return log.admission().judge(batch);
    }

    /// P1: a repeated batch counts when its first coming does.
    protected boolean isSafe(boolean repeated, boolean belowWatermark) {
        return belowWatermark;
    }

    /// R10: which life a starting broker says to have ended cleanly.
    protected Optional<BrokerEpoch> cleanlyStopped(Optional<BrokerEpoch> noted, Optional<BrokerEpoch> former) {
        return noted;
    }

    /// R10: the identity that a data directory without its content has.
    protected UUID directoryOfWipedDisk(UUID before, UUID fresh) {
        return fresh;
    }

    /// The checkpoint of a watermark that is read at the start.
    protected Offset knownWatermark(Offset checkpoint, PartitionLog log) {
        return checkpoint;
    }

    /// What becomes of what the controller has decided.
    protected MetadataEvent decided(MetadataEvent event, MetadataState before) {
        return event;
    }

    /// What the controller makes of a command, in the state that it finds.
    protected MetadataCommand applied(MetadataCommand command, MetadataState state) {
        return command;
    }
}
