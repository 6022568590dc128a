package io.weirlog.server;

import io.weirlog.metadata.codec.AtomicFile;
import io.weirlog.server.internal.NodeIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One of a broker's data directories: locked while the node runs, and of one node of one cluster for good. Its id goes
/// with it wherever it is mounted.
///
/// ```
/// data.properties   format.version, directory.id, cluster.id, node.id
/// data.lock         held by the running process
/// partitions/       one directory for each partition
/// ```
final class DataFolder implements AutoCloseable {
    private static final String FORMAT_VERSION = "1";
    private static final String PROPERTIES = "data.properties";

    private final Path root;
    private final UUID id;
    private final FileChannel lock;

    private DataFolder(Path root, UUID id, FileChannel lock) {
        this.root = root;
        this.id = id;
        this.lock = lock;
    }

    /// Takes the folder for a node, making it if it does not exist.
    ///
    /// @throws NodeStartException if it is another's, or in use
    /// @throws IOException if it cannot be used at all: the disk may have failed
    static DataFolder open(Path root, NodeIdentity owner) throws IOException, NodeStartException {
        Files.createDirectories(root);
        var lock = FileChannel.open(root.resolve("data.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            lock(root, lock);
            var id = identify(root, owner);
            Files.createDirectories(partitionsIn(root));
            AtomicFile.syncDirectory(root);
            return new DataFolder(root, id, lock);
        } catch (IOException | NodeStartException e) {
            lock.close();
            throw e;
        }
    }

    /// Where a data directory has its partitions.
    static Path partitionsIn(Path root) {
        return root.resolve("partitions");
    }

    private static void lock(Path root, FileChannel channel) throws IOException, NodeStartException {
        try {
            if (channel.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // Held by this very process; the same answer as for another one.
        }
        throw new NodeStartException("data directory " + root
                + " is in use by another Weirlog process: stop it, or give another in data.dirs");
    }

    private static UUID identify(Path root, NodeIdentity owner) throws IOException, NodeStartException {
        var file = root.resolve(PROPERTIES);
        if (!Files.exists(file)) {
            var id = UUID.randomUUID();
            var text = "format.version=" + FORMAT_VERSION + "\ndirectory.id=" + id + "\ncluster.id=" + owner.clusterId()
                    + "\nnode.id=" + owner.nodeId() + "\n";
            AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
            return id;
        }
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        check(root, properties, "format.version", FORMAT_VERSION, "use the program version that wrote it");
        check(root, properties, "cluster.id", owner.clusterId(), "mend data.dirs or cluster.id");
        check(root, properties, "node.id", owner.nodeId().toString(), "mend data.dirs or node.id");
        return directoryId(root, properties.getProperty("directory.id"));
    }

    private static void check(Path root, Properties properties, String key, String expected, String remedy)
            throws NodeStartException {
        var found = properties.getProperty(key, "");
        if (!found.equals(expected)) {
            throw new NodeStartException(
                    "data directory " + root + " has " + key + " '" + found + "', not " + expected + ": " + remedy);
        }
    }

    private static UUID directoryId(Path root, @Nullable String text) throws NodeStartException {
        try {
            return UUID.fromString(text == null ? "" : text);
        } catch (IllegalArgumentException e) {
            throw new NodeStartException(
                    "data directory " + root + " has the directory.id '" + text + "' in " + PROPERTIES
                            + ", which is none: the file is damaged",
                    e);
        }
    }

    Path root() {
        return root;
    }

    UUID id() {
        return id;
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
