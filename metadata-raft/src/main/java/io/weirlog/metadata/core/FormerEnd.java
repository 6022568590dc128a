package io.weirlog.metadata.core;

import io.weirlog.metadata.BrokerImage;
import io.weirlog.metadata.core.MetadataCommand.RegisterBroker;

/// How a broker's former life ended, as far as its next one can tell: what its replicas may have lost by it (R10).
enum FormerEnd {
    /// Everything was flushed, and nothing has been touched since.
    CLEAN,
    /// What had not been synced may be gone.
    UNCLEAN,
    /// None of the directories it had its logs in is there any more.
    WIPED;

    static FormerEnd of(BrokerImage former, RegisterBroker next) {
        var before = former.directories();
        if (!before.isEmpty() && before.stream().noneMatch(next.directories()::contains)) {
            return WIPED;
        }
        boolean stoppedCleanly =
                next.cleanlyStopped().filter(former.epoch()::equals).isPresent();
        // A disk that is not there any more took what was on it along, however clean the stop was.
        return stoppedCleanly && next.directories().containsAll(before) ? CLEAN : UNCLEAN;
    }
}
