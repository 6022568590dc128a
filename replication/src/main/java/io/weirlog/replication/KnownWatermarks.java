package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogOpenException;
import io.weirlog.log.PartitionLog;
import io.weirlog.log.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Notes the partitions' high watermarks now and then, one file for each data directory, and knows those of the former
/// life until their logs are open.
///
/// What was below a watermark is committed for good, so an old note is as true as a new one, as long as the log still
/// holds what it held then. A log that lost its end and grew again with other records does not: so no file may tell of
/// more than the log that it was cut to.
///
/// - The files of the former life are taken away as soon as they are read, until they are written anew.
/// - What is known of a log is lowered to its end when it is opened.
/// - After a truncation below what a file says, the file is written before anything is appended.
final class KnownWatermarks {
    private static final Logger LOG = LoggerFactory.getLogger(KnownWatermarks.class);

    private final Storage storage;
    /// By data directory.
    private final Map<Path, Map<TopicPartition, Offset>> known = new HashMap<>();

    /// What the files hold, by data directory.
    private final Map<Path, Map<TopicPartition, Offset>> written = new HashMap<>();

    private KnownWatermarks(Storage storage) {
        this.storage = storage;
    }

    /// Reads the files of all data directories that work and takes them away.
    ///
    /// @throws LogOpenException if a newer program wrote one of them
    static KnownWatermarks take(Storage storage, DataDirectories directories) throws LogOpenException {
        var result = new KnownWatermarks(storage);
        for (var folder : directories.online()) {
            try {
                result.known.put(folder, new HashMap<>(HighWatermarkCheckpoint.read(storage, folder)));
                storage.delete(folder.resolve(HighWatermarkCheckpoint.FILE));
                storage.syncDirectory(folder);
            } catch (LogOpenException e) {
                throw e;
            } catch (IOException e) {
                LOG.error("the data directory {} cannot be used: its partitions stay out of service", folder, e);
                directories.fail(folder, e.toString());
            }
        }
        return result;
    }

    /// The log was opened: what is known of its watermark, within the log.
    synchronized Offset opened(TopicPartition id, PartitionLog log) {
        var noted = of(log);
        var offset = noted.getOrDefault(id, Offset.ZERO);
        var end = log.logEndOffset();
        var atMost = offset.isAfter(end) ? end : offset;
        noted.put(id, atMost);
        return atMost.isBefore(log.logStartOffset()) ? log.logStartOffset() : atMost;
    }

    private Map<TopicPartition, Offset> of(PartitionLog log) {
        return known.computeIfAbsent(StorageFailures.folderOf(log.directory()), folder -> new HashMap<>());
    }

    /// The log ends earlier than before. To be called before anything is appended to it.
    synchronized void cut(TopicPartition id, PartitionLog log) throws IOException {
        var noted = of(log);
        var end = log.logEndOffset();
        var before = noted.getOrDefault(id, Offset.ZERO);
        if (before.isAfter(end)) {
            noted.put(id, end);
            try {
                put(StorageFailures.folderOf(log.directory()), noted);
            } catch (IOException e) {
                noted.put(id, before); // So that it is written when this is called again.
                throw e;
            }
        }
    }

    private void put(Path folder, Map<TopicPartition, Offset> noted) throws IOException {
        // Until it is there, nobody knows which of the two the file holds.
        written.remove(folder);
        HighWatermarkCheckpoint.write(storage, folder, noted);
        written.put(folder, Map.copyOf(noted));
    }

    /// The partition's log is gone.
    synchronized void forget(TopicPartition id, PartitionLog log) {
        of(log).remove(id);
    }

    /// Forgets all other partitions, for they have nothing here any more.
    synchronized void keepOnly(Set<TopicPartition> ids) {
        known.values().forEach(noted -> noted.keySet().retainAll(ids));
    }

    /// Notes where the partitions of a data directory are now. Those that serve nobody stay as they were noted.
    synchronized void write(Path folder, Collection<PartitionHost> hosts) throws IOException {
        var noted = known.computeIfAbsent(folder, unknown -> new HashMap<>());
        for (var host : hosts) {
            watermark(host.view(), folder)
                    .ifPresent(offset -> noted.put(host.assignment().id(), offset));
        }
        if (!noted.equals(written.get(folder))) {
            put(folder, noted);
        }
    }

    /// The view first, then the log: if the log is cut in between, what is noted is within it all the same.
    private static Optional<Offset> watermark(PartitionView view, Path folder) {
        return switch (view) {
            case PartitionView.Leading leading -> within(leading.log(), leading.highWatermark(), folder);
            case PartitionView.Following following -> within(following.log(), following.highWatermark(), folder);
            case PartitionView.Opening _, PartitionView.Failed _, PartitionView.Closed _ -> Optional.empty();
        };
    }

    private static Optional<Offset> within(PartitionLog log, Offset watermark, Path folder) {
        if (!StorageFailures.folderOf(log.directory()).equals(folder)) {
            return Optional.empty();
        }
        var end = log.logEndOffset();
        return Optional.of(watermark.isAfter(end) ? end : watermark);
    }
}
