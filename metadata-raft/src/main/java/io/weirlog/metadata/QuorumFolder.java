package io.weirlog.metadata;

import io.weirlog.metadata.QuorumStartException.Reason;
import io.weirlog.metadata.VoterIdentity.Membership;
import io.weirlog.metadata.codec.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The quorum's folder: locked for one process, and certain to be this node's.
///
/// ```
/// <directory>/lock        held while the quorum runs
/// <directory>/identity    whose folder it is: VoterIdentity
/// <directory>/raft/       Ratis' own: votes, log, snapshots
/// ```
final class QuorumFolder implements AutoCloseable {
    private final QuorumConfig config;
    private final FileChannel lock;
    private Membership membership;

    private QuorumFolder(QuorumConfig config, FileChannel lock) {
        this.config = config;
        this.lock = lock;
        this.membership = config.joins() ? Membership.JOINED : Membership.FORMED;
    }

    static QuorumFolder open(QuorumConfig config) throws QuorumStartException {
        try {
            Files.createDirectories(config.directory());
            var folder = new QuorumFolder(config, lock(config.directory()));
            try {
                folder.checkIdentity();
            } catch (IOException | QuorumStartException e) {
                folder.close();
                throw e;
            }
            return folder;
        } catch (IOException e) {
            var message = "cannot use the metadata folder " + config.directory() + ": " + e;
            throw new QuorumStartException(Reason.FOLDER_UNUSABLE, message, e);
        }
    }

    Path raftDirectory() {
        return config.directory().resolve("raft");
    }

    /// Whether this folder began empty, to be added to a quorum that was there.
    boolean joined() {
        return membership == Membership.JOINED;
    }

    /// Remembers that the Raft folder exists. To be called once it does and before this voter votes.
    void formatted() throws IOException {
        write(true);
    }

    /// Remembers that the quorum removed this voter, so that it does not come back with what it has.
    void removed() throws IOException {
        membership = Membership.REMOVED;
        write(true);
    }

    private void write(boolean formatted) throws IOException {
        var identity = new VoterIdentity(config.clusterId(), config.nodeId(), formatted, membership);
        AtomicFile.write(identityFile(), identity.encode());
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private Path identityFile() {
        return config.directory().resolve("identity");
    }

    private static FileChannel lock(Path directory) throws IOException, QuorumStartException {
        var channel = FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            locked = false;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
        if (!locked) {
            var message = "the metadata folder " + directory + " is in use by another process";
            throw new QuorumStartException(Reason.FOLDER_IN_USE, message, null);
        }
        return channel;
    }

    private void checkIdentity() throws IOException, QuorumStartException {
        if (!Files.exists(identityFile())) {
            if (Files.exists(raftDirectory())) {
                throw refused(Reason.IDENTITY_DAMAGED, "holds a Raft log, but its file \"identity\" is missing", "");
            }
            write(false);
            return;
        }
        var identity = VoterIdentity.decode(Files.readAllBytes(identityFile()))
                .orElseThrow(() -> refused(Reason.IDENTITY_DAMAGED, "has a damaged file \"identity\"", ""));
        if (!identity.clusterId().equals(config.clusterId())) {
            var whose = "belongs to cluster %s, not %s".formatted(identity.clusterId(), config.clusterId());
            throw refused(Reason.FOLDER_OF_OTHER_CLUSTER, whose, "");
        }
        if (!identity.nodeId().equals(config.nodeId())) {
            var whose = "belongs to node %s, not %s".formatted(identity.nodeId(), config.nodeId());
            throw refused(Reason.FOLDER_OF_OTHER_NODE, whose, "");
        }
        membership = identity.membership();
        if (membership == Membership.REMOVED) {
            throw refused(
                    Reason.REMOVED_FROM_QUORUM,
                    "is that of a voter that was removed from the quorum",
                    "; take \"controller\" out of the node's roles, or move the folder away and add the node again");
        }
        var votes = raftDirectory().resolve(config.clusterId().toString()).resolve("current/raft-meta");
        if (identity.formatted() && !Files.exists(votes)) {
            throw refused(
                    Reason.VOTER_STATE_GONE,
                    "is that of a voter whose Raft log is gone",
                    "; this voter must not vote as if nothing had happened: remove it from the quorum, and let the node"
                            + " join again with an empty folder (or put the lost folder back)");
        }
    }

    private QuorumStartException refused(Reason reason, String what, String remedy) {
        var message = "the metadata folder " + config.directory() + " " + what + remedy;
        return new QuorumStartException(reason, message, null);
    }
}
