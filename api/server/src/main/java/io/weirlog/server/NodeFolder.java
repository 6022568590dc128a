package io.weirlog.server;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.codec.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;

/// A node's folder: locked while the node runs, and of one node of one cluster for good.
///
/// ```
/// node.properties   cluster.id, node.id, format.version
/// node.lock         held by the running process
/// clean-stop        that the broker's last life ended with everything flushed; gone while it runs
/// metadata/         the quorum's log and snapshots
/// ```
///
/// Its partitions are here too ([DataFolder]), unless `data.dirs` puts them elsewhere.
final class NodeFolder implements AutoCloseable {
    private static final String FORMAT_VERSION = "1";
    private static final String PROPERTIES = "node.properties";

    private final Path root;
    private final FileChannel lockChannel;
    private final FileLock lock;
    private final String clusterId;

    private NodeFolder(Path root, FileChannel lockChannel, FileLock lock, String clusterId) {
        this.root = root;
        this.lockChannel = lockChannel;
        this.lock = lock;
        this.clusterId = clusterId;
    }

    /// Takes the folder for a node, making it if it does not exist.
    ///
    /// @param wantedClusterId if present, the cluster that the folder must be of; a new folder becomes of it
    /// @param makesCluster whether a new folder may become that of a new cluster
    static NodeFolder open(Path root, BrokerId nodeId, Optional<String> wantedClusterId, boolean makesCluster)
            throws NodeStartException {
        var channel = lockChannel(root);
        try {
            var lock = lock(root, channel);
            var clusterId = identify(root, nodeId, wantedClusterId, makesCluster);
            Files.createDirectories(root.resolve("metadata"));
            // What is stored below would be lost with the names that lead to it.
            AtomicFile.syncDirectory(root);
            return new NodeFolder(root, channel, lock, clusterId);
        } catch (IOException e) {
            closeQuietly(channel);
            throw new NodeStartException("cannot use data folder " + root + ": " + e, e);
        } catch (NodeStartException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static FileChannel lockChannel(Path root) throws NodeStartException {
        try {
            Files.createDirectories(root);
            var parent = root.toAbsolutePath().getParent();
            if (parent != null) {
                AtomicFile.syncDirectory(parent);
            }
            return FileChannel.open(root.resolve("node.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new NodeStartException(
                    "data folder " + root + " is not writable (" + e + "): give another with --data-dir, or mend its"
                            + " permissions",
                    e);
        }
    }

    private static FileLock lock(Path root, FileChannel channel) throws IOException, NodeStartException {
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Held by this very process; the same answer as for another one.
        }
        if (lock == null) {
            throw new NodeStartException("data folder " + root
                    + " is in use by another Weirlog process: stop it, or give another folder with --data-dir");
        }
        return lock;
    }

    private static String identify(Path root, BrokerId nodeId, Optional<String> wantedClusterId, boolean makesCluster)
            throws IOException, NodeStartException {
        var file = root.resolve(PROPERTIES);
        if (!Files.exists(file)) {
            if (wantedClusterId.isEmpty() && !makesCluster) {
                throw new NodeStartException("the first start of a node of several needs cluster.id, the same on all of"
                        + " them, such as " + UUID.randomUUID() + " (or mend data.dir: " + root + " is new)");
            }
            var clusterId = wantedClusterId.orElseGet(() -> UUID.randomUUID().toString());
            write(root, nodeId, clusterId);
            return clusterId;
        }
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        var version = properties.getProperty("format.version", "");
        if (!version.equals(FORMAT_VERSION)) {
            throw new NodeStartException("data folder " + root + " has format version '" + version
                    + "', this program knows " + FORMAT_VERSION + ": use the program version that wrote it");
        }
        var ownerId = properties.getProperty("node.id", "");
        if (!ownerId.equals(nodeId.toString())) {
            throw new NodeStartException("data folder " + root + " belongs to node " + ownerId + ", this is node "
                    + nodeId + ": set node.id to " + ownerId + ", or give another folder with --data-dir");
        }
        var clusterId = properties.getProperty("cluster.id", "");
        if (wantedClusterId.isPresent() && !wantedClusterId.get().equals(clusterId)) {
            throw new NodeStartException("data folder " + root + " belongs to cluster " + clusterId + ", not to "
                    + wantedClusterId.get() + ": mend cluster.id, or give another folder with --data-dir");
        }
        return clusterId;
    }

    private static void write(Path root, BrokerId nodeId, String clusterId) throws IOException {
        AtomicFile.write(
                root.resolve(PROPERTIES),
                ("format.version=" + FORMAT_VERSION + "\ncluster.id=" + clusterId + "\nnode.id=" + nodeId + "\n")
                        .getBytes(StandardCharsets.UTF_8));
    }

    String clusterId() {
        return clusterId;
    }

    /// Where a broker's stop with everything flushed is remembered: [CleanStop].
    Path cleanStop() {
        return root.resolve("clean-stop");
    }

    Path metadata() {
        return root.resolve("metadata");
    }

    @Override
    public void close() {
        try {
            lock.release();
            lockChannel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
