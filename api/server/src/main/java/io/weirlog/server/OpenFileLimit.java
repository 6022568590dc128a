package io.weirlog.server;

import com.sun.management.UnixOperatingSystemMXBean;
import io.weirlog.log.FileStorage;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.OptionalLong;

/// Whether the operating system lets this process open as many files as its partitions take.
final class OpenFileLimit {
    /// Connections, metadata, what is rolled, cleaned or sent at the moment, and the JVM itself.
    private static final long BESIDE_PARTITIONS = 2048;

    private OpenFileLimit() {}

    /// Empty where the system does not tell.
    static OptionalLong ofThisProcess() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? OptionalLong.of(system.getMaxFileDescriptorCount())
                : OptionalLong.empty();
    }

    /// What to tell whoever runs the node; empty if all is well.
    static Optional<String> warning(long openFilesMax, int partitions) {
        var needed = partitions + FileStorage.REOPENED_FILES_MAX + BESIDE_PARTITIONS;
        return openFilesMax >= needed
                ? Optional.empty()
                : Optional.of("this process may open " + openFilesMax + " files, and its " + partitions
                        + " partitions may take " + needed
                        + ": raise the limit (LimitNOFILE, ulimit -n), or appends will be refused");
    }
}
