package io.weirlog.replication;

import io.weirlog.common.Durability;
import io.weirlog.common.Offset;
import io.weirlog.log.LogConfig;
import java.util.OptionalLong;

/// When a log with `durability=page-cache` is synced all the same: after `flush.messages` records, or `flush.ms` after
/// the first that is not covered yet. No acknowledgement waits for it.
final class FlushPolicy {
    /// What a sync was asked for, or was there from the beginning.
    private Offset asked;
    /// When something beyond was first seen.
    private OptionalLong unflushedSinceMillis = OptionalLong.empty();

    /// @param asked what is known to be synced
    FlushPolicy(Offset asked) {
        this.asked = asked;
    }

    /// To be asked after each append and every now and then.
    ///
    /// @return whether a sync is to be asked for now
    boolean isDue(Offset logEnd, long nowMillis, LogConfig config) {
        if (config.durability() != Durability.PAGE_CACHE || !logEnd.isAfter(asked)) {
            // A log that was cut is durable up to its end.
            asked = logEnd;
            unflushedSinceMillis = OptionalLong.empty();
            return false;
        }
        if (unflushedSinceMillis.isEmpty()) {
            unflushedSinceMillis = OptionalLong.of(nowMillis);
        }
        var due = logEnd.value() - asked.value() >= config.flushMessages()
                || nowMillis - unflushedSinceMillis.getAsLong() >= config.flushMillis();
        if (due) {
            asked = logEnd;
            unflushedSinceMillis = OptionalLong.empty();
        }
        return due;
    }
}
