package io.weirlog.log;

import io.weirlog.common.Offset;
import java.nio.file.Path;

/// Why a directory cannot serve as the log of a partition. In every case it is left as it was found.
public sealed interface LogOpenFailure {
    /// For an operator: what is wrong, where.
    String message();

    /// The directory belongs to another creation of the topic, or to no known one (M4).
    record OtherTopic(Path directory, PartitionIdentity expected, String found) implements LogOpenFailure {
        @Override
        public String message() {
            return directory + " is not of " + expected + ": " + found;
        }
    }

    /// Bytes that were once synced are damaged or gone (L3). The replica has to fetch this log again.
    ///
    /// @param validEnd the log is good up to here
    /// @param syncedEnd the log was durable up to here at least
    record CorruptMiddle(Path file, long position, Offset validEnd, Offset syncedEnd, String problem)
            implements LogOpenFailure {
        @Override
        public String message() {
            return file + " is damaged at byte " + position + " (" + problem + "): the log is good up to offset "
                    + validEnd + " but was durable up to " + syncedEnd;
        }
    }

    /// A file says that it is of a version that this program does not know.
    record UnknownVersion(Path file, String version) implements LogOpenFailure {
        @Override
        public String message() {
            return file + " has the unknown version " + version + "; a newer Weirlog may have written it";
        }
    }
}
