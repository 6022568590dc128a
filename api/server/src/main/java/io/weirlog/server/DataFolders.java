package io.weirlog.server;

import io.weirlog.replication.DataDirectory;
import io.weirlog.server.internal.NodeIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All data directories of a broker. One that cannot be used is left out, for a failed disk must not keep the others'
/// partitions out of service; one that is another's, or of a newer format, keeps the node from starting.
final class DataFolders implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataFolders.class);

    private final List<DataFolder> opened = new ArrayList<>();
    private final List<DataDirectory> directories = new ArrayList<>();

    private DataFolders() {}

    /// @param home the node's own folder
    static DataFolders open(List<Path> roots, Path home, NodeIdentity owner) throws NodeStartException {
        var folders = new DataFolders();
        try {
            refuseForgotten(roots, home);
            for (var root : roots) {
                folders.add(root, owner);
            }
            folders.refuseCopies();
            if (folders.opened.isEmpty()) {
                throw new NodeStartException("none of the data directories can be used: " + folders.problems());
            }
            return folders;
        } catch (NodeStartException e) {
            folders.close();
            throw e;
        }
    }

    /// Partitions that the node had before `data.dirs` was given would be missed.
    private static void refuseForgotten(List<Path> roots, Path home) throws NodeStartException {
        var partitions = DataFolder.partitionsIn(home);
        if (roots.stream().map(DataFolders::canonical).anyMatch(canonical(home)::equals)
                || !Files.isDirectory(partitions)) {
            return;
        }
        try (var content = Files.list(partitions)) {
            if (content.findAny().isPresent()) {
                throw new NodeStartException(partitions + " holds partitions, but " + home
                        + " is not in data.dirs: add it, or move the folder 'partitions' to one that is");
            }
        } catch (IOException e) {
            throw new NodeStartException("cannot read " + partitions + ": " + e, e);
        }
    }

    private static Path canonical(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private void add(Path root, NodeIdentity owner) throws NodeStartException {
        var partitions = DataFolder.partitionsIn(root);
        try {
            opened.add(DataFolder.open(root, owner));
            directories.add(DataDirectory.of(partitions));
        } catch (IOException e) {
            LOG.error("the data directory {} cannot be used: its partitions stay out of service", root, e);
            directories.add(new DataDirectory(partitions, Optional.of(e.toString())));
        }
    }

    private void refuseCopies() throws NodeStartException {
        var known = new HashMap<UUID, Path>();
        for (var folder : opened) {
            var other = known.putIfAbsent(folder.id(), folder.root());
            if (other != null) {
                throw new NodeStartException("the data directories " + other + " and " + folder.root()
                        + " have the same directory.id: one of them is a copy, which must go");
            }
        }
    }

    private String problems() {
        return directories.stream()
                .map(directory -> directory.path() + " (" + directory.problem().orElse("") + ")")
                .reduce((one, other) -> one + ", " + other)
                .orElse("");
    }

    /// As the partitions see them, those that cannot be used included.
    List<DataDirectory> directories() {
        return List.copyOf(directories);
    }

    /// The ids of those that can be used.
    List<UUID> ids() {
        return opened.stream().map(DataFolder::id).sorted().toList();
    }

    @Override
    public void close() {
        opened.forEach(DataFolder::close);
    }
}
