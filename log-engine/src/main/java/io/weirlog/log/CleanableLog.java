package io.weirlog.log;

import io.weirlog.common.Offset;
import java.util.Optional;

/// A log as [LogCleaner] needs it.
public interface CleanableLog extends OwnerThread {
    /// For messages.
    String name();

    PartitionLog log();

    /// The end of what will never be truncated: at most the high watermark and the last stable offset (C2). Empty
    /// while that is not known.
    Optional<Offset> cleanPointMax();
}
