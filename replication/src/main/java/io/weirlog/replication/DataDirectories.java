package io.weirlog.replication;

import io.weirlog.log.DiskFull;
import io.weirlog.log.Storage;
import io.weirlog.log.SystemLimitException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The folders that this broker's partitions are spread over: which partition is where, and which folders have failed.
///
/// ```
/// state    event                      next
/// online   it cannot be read at start offline
///          a log in it fails          offline
/// offline  the node starts again      online, if it can be read
/// ```
///
/// A partition that is found nowhere is made in the online folder with the fewest. While a folder is offline that goes
/// only for partitions that are new to the cluster: of any other the records may be there.
final class DataDirectories {
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectories.class);

    private final Storage storage;
    /// Why a folder is offline; empty while it is online. In the order of the configuration.
    private final Map<Path, Optional<String>> folders = new LinkedHashMap<>();
    /// Of each partition, by the name of its directory.
    private final Map<String, Place> places = new HashMap<>();

    /// @param users partitions that have been placed there and not left: while the directory of a deleted topic goes,
    ///     that of a new one with its name may be there already
    private record Place(Path folder, int users) {
        Place withUsers(int changed) {
            return new Place(folder, changed);
        }
    }

    private DataDirectories(Storage storage) {
        this.storage = storage;
    }

    /// Looks through the folders, and makes those that are not there.
    ///
    /// @throws IOException if a partition is in two of them
    static DataDirectories scan(Storage storage, List<DataDirectory> directories) throws IOException {
        var result = new DataDirectories(storage);
        directories.forEach(directory -> result.folders.put(directory.path(), directory.problem()));
        var doubled = new ArrayList<String>();
        for (var folder : result.online()) {
            try {
                storage.createDirectories(folder);
                result.add(folder, PartitionFolders.look(storage, folder), doubled);
            } catch (IOException e) {
                LOG.error("the data directory {} cannot be used: its partitions stay out of service", folder, e);
                result.folders.put(folder, Optional.of(e.toString()));
            }
        }
        if (!doubled.isEmpty()) {
            throw new IOException(String.join("; ", doubled));
        }
        return result;
    }

    private void add(Path folder, PartitionFolders found, List<String> doubled) {
        found.foreign().forEach(name -> LOG.warn("{} is not of a partition: it is left alone", folder.resolve(name)));
        for (var name : found.inUse()) {
            var other = places.putIfAbsent(name, new Place(folder, 0));
            if (other != null) {
                doubled.add("the partition " + name + " is in two data directories, " + other.folder() + " and "
                        + folder + ": move the one that is not wanted out of the way");
            }
        }
    }

    /// The folders that can be used.
    synchronized List<Path> online() {
        return folders.entrySet().stream()
                .filter(folder -> folder.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }

    /// All folders, with the reason of those that are offline.
    synchronized Map<Path, Optional<String>> states() {
        return new LinkedHashMap<>(folders);
    }

    /// Where the partition's directory is, or is to be made.
    ///
    /// @param name of the directory
    /// @param isNew whether the partition cannot have any records yet
    synchronized Placement place(String name, boolean isNew) {
        var known = places.get(name);
        if (known != null) {
            var problem = Objects.requireNonNull(folders.get(known.folder()));
            if (problem.isPresent()) {
                return new Placement.Offline("its data directory " + known.folder() + " is offline: " + problem.get());
            }
            places.put(name, known.withUsers(known.users() + 1));
            return new Placement.In(known.folder().resolve(name));
        }
        var online = online();
        if (online.isEmpty()) {
            return new Placement.Offline("all data directories are offline");
        }
        if (online.size() < folders.size() && !isNew) {
            return new Placement.Offline("it may be in a data directory that is offline, "
                    + folders.keySet().stream()
                            .filter(folder -> !online.contains(folder))
                            .toList());
        }
        // The first of several with as few.
        var least = online.stream()
                .min(Comparator.comparingLong(this::partitionsIn))
                .orElseThrow();
        places.put(name, new Place(least, 1));
        return new Placement.In(least.resolve(name));
    }

    /// The directories of all partitions, as far as they can be read.
    synchronized List<Path> partitions() {
        var online = online();
        return places.entrySet().stream()
                .filter(place -> online.contains(place.getValue().folder()))
                .map(place -> place.getValue().folder().resolve(place.getKey()))
                .toList();
    }

    private long partitionsIn(Path folder) {
        return places.values().stream()
                .filter(place -> place.folder().equals(folder))
                .count();
    }

    /// A partition has left its directory, which is no longer there under its name.
    synchronized void left(Path directory) {
        places.computeIfPresent(
                nameOf(directory), (name, place) -> place.users() <= 1 ? null : place.withUsers(place.users() - 1));
    }

    /// Takes a folder out of service until the node starts again.
    ///
    /// @return false if it was already
    synchronized boolean fail(Path folder, String reason) {
        return folders.replace(folder, Optional.empty(), Optional.of(reason));
    }

    /// Whether the folder takes a write: a failure that meets one partition only is told from a failed disk by that.
    boolean isUsable(Path folder) {
        try {
            var probe = folder.resolve(PartitionFolders.PROBE);
            try (var out = storage.openForWrite(probe)) {
                out.truncate(0);
                out.write(0, ByteBuffer.wrap(new byte[] {1}));
                out.syncData();
            }
            storage.delete(probe);
            return true;
        } catch (IOException e) {
            return DiskFull.isCauseOf(e) || SystemLimitException.isCauseOf(e);
        }
    }

    /// Puts aside the directories of partitions that are not in `expected`, by their names.
    ///
    /// @return the new places
    List<Path> quarantineUnexpected(Set<String> expected) throws IOException {
        List<Path> strays = new ArrayList<>();
        for (var directory : unexpected(expected)) {
            strays.add(quarantine(directory));
            left(directory);
        }
        return strays;
    }

    private synchronized List<Path> unexpected(Set<String> expected) {
        return places.entrySet().stream()
                .filter(place -> !expected.contains(place.getKey()))
                .map(place -> place.getValue().folder().resolve(place.getKey()))
                .sorted()
                .toList();
    }

    /// Puts a partition's directory aside.
    ///
    /// @return its new place
    Path quarantine(Path directory) throws IOException {
        return StrayDirectories.quarantine(storage, StorageFailures.folderOf(directory), nameOf(directory));
    }

    private static String nameOf(Path directory) {
        return directory.getFileName().toString();
    }
}
