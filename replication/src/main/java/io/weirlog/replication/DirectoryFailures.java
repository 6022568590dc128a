package io.weirlog.replication;

import io.weirlog.log.DiskFull;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.SystemLimitException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a failed disk means for everyone on it: its partitions go out of service together, those of other disks stay. A
/// broker without any disk that works is of no use and ends.
final class DirectoryFailures implements StorageFailures {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryFailures.class);

    private final DataDirectories directories;
    private final Collection<PartitionHost> hosts;
    private final Consumer<Throwable> allGone;

    /// @param hosts all there are, at any time
    DirectoryFailures(DataDirectories directories, Collection<PartitionHost> hosts, Consumer<Throwable> allGone) {
        this.directories = directories;
        this.hosts = hosts;
        this.allGone = allGone;
    }

    @Override
    public void failed(PartitionLog log, IOException failure) {
        failed(StorageFailures.folderOf(log.directory()), failure);
    }

    @Override
    public void cannotOpen(Path directory, IOException failure) {
        var folder = StorageFailures.folderOf(directory);
        if (!directories.isUsable(folder)) {
            failed(folder, failure);
        }
    }

    /// A data directory has failed, by itself or with a log.
    void failed(Path folder, IOException failure) {
        if (SystemLimitException.isCauseOf(failure)) {
            LOG.warn("{} is none the worse: {}", folder, failure.getMessage());
            return;
        }
        if (DiskFull.isCauseOf(failure) || !directories.fail(folder, failure.toString())) {
            return;
        }
        LOG.error("the data directory {} is out of service until the node starts again", folder, failure);
        for (var host : hosts) {
            try {
                host.shard().executeFor(host, () -> host.outages().directoryFailed(folder));
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: its shard has closed", host.name());
            }
        }
        if (directories.online().isEmpty()) {
            allGone.accept(new IOException("no data directory is left that works", failure));
        }
    }
}
