package io.weirlog.metadata.ratis;

import io.weirlog.common.Invariant;
import io.weirlog.metadata.codec.AtomicFile;
import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.codec.ReplyCodec;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

/// Runs the metadata machine on the committed entries of the Raft log.
///
/// Applying, snapshots and the notice that this node leads come on one thread of Ratis, in the order of the
/// log. An exception there closes the Raft server while the process lives on, so all refusals are replies, and
/// a close that nobody asked for is reported as a failure.
final class RatisStateMachine extends BaseStateMachine {
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final NodeListener listener;
    private final Attempts attempts;
    private final StateChecks checks;
    /// Notices come on several threads; see [#tellRole].
    private final ReentrantLock roleLock = new ReentrantLock();

    private volatile boolean closeExpected;
    /// Written by the applying thread only.
    private volatile MetadataState state = MetadataState.EMPTY;

    private volatile @Nullable SnapshotFile snapshotFile;

    /// @param checks told of each command applied
    RatisStateMachine(NodeListener listener, Attempts attempts, StateChecks checks) {
        this.listener = listener;
        this.attempts = attempts;
        this.checks = checks;
    }

    MetadataState state() {
        return state;
    }

    Optional<SnapshotFile> snapshotFile() {
        return Optional.ofNullable(snapshotFile);
    }

    /// From now on a close is no failure.
    void expectClose() {
        closeExpected = true;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        getLifeCycle().startAndTransition(() -> open(server, groupId, raftStorage), IOException.class);
    }

    private void open(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        super.initialize(server, groupId, raftStorage);
        listener.storageReady();
        Files.createDirectories(raftStorage.getStorageDir().getStateMachineDir().toPath());
        storage.init(raftStorage);
        load();
        checkNoGap(raftStorage);
    }

    /// Ratis pauses before it replaces the snapshot under us, and reinitializes after; it checks the life cycle
    /// between.
    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    @Override
    public void reinitialize() throws IOException {
        getLifeCycle().startAndTransition(this::load, IOException.class);
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    private void load() throws IOException {
        var snapshot = storage.loadLatestSnapshot();
        if (snapshot == null) {
            return;
        }
        var path = snapshot.getFile().getPath();
        MetadataState loaded;
        try {
            loaded = SnapshotCodec.decode(Files.readAllBytes(path));
        } catch (MalformedRecordException e) {
            throw new DamagedStateException("the metadata snapshot " + path + " is damaged", e);
        }
        Invariant.check(
                loaded.index() <= snapshot.getIndex(),
                "M2: a snapshot of %s in the file of %s",
                loaded.index(),
                snapshot.getIndex());
        var last = getLastAppliedTermIndex();
        Invariant.check(
                snapshot.getIndex() >= last.getIndex(), "M2: back from %s to %s", last.getIndex(), snapshot.getIndex());
        state = loaded;
        noteSnapshot(snapshot.getIndex(), path);
        setLastAppliedTermIndex(snapshot.getTermIndex());
        listener.restored(loaded);
    }

    /// Entries that neither the snapshot nor the log has: Ratis would wait for them for ever, at the start and
    /// at the stop.
    private void checkNoGap(RaftStorage raftStorage) throws IOException {
        var first =
                LogFiles.firstIndex(raftStorage.getStorageDir().getCurrentDir().toPath());
        long needed = getLastAppliedTermIndex().getIndex() + 1;
        if (first.isPresent() && first.getAsLong() > needed) {
            throw new DamagedStateException(
                    "the metadata log begins at entry %d but is needed from %d: a snapshot or a part of the log is missing"
                            .formatted(first.getAsLong(), needed),
                    null);
        }
    }

    /// The snapshot's checksum file comes first: a snapshot that is there can always be sent to another voter.
    @Override
    public long takeSnapshot() throws IOException {
        var last = getLastAppliedTermIndex();
        var file = storage.getSnapshotFile(last.getTerm(), last.getIndex()).toPath();
        byte[] bytes = SnapshotCodec.encode(state);
        var digest = Md5.of(bytes);
        MD5FileUtil.saveMD5File(file.toFile(), digest);
        AtomicFile.write(file, bytes);
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file, digest), last));
        noteSnapshot(last.getIndex(), file);
        return last.getIndex();
    }

    private void noteSnapshot(long index, Path file) throws IOException {
        snapshotFile = new SnapshotFile(
                index, Files.size(file), Files.getLastModifiedTime(file).toInstant());
    }

    /// Refuses what is no command before it gets into the log, where it would stop every voter.
    @Override
    public TransactionContext startTransaction(RaftClientRequest request) {
        var transaction = TransactionContext.newBuilder().setStateMachine(this).setClientRequest(request);
        try {
            var command = decode(request.getMessage().getContent());
            return transaction.setStateMachineContext(command).build();
        } catch (MalformedRecordException e) {
            var refused = transaction.build();
            refused.setException(e);
            return refused;
        }
    }

    @Override
    public TransactionContext preAppendTransaction(TransactionContext transaction) {
        attempts.appending(transaction.getClientRequest());
        return transaction;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        var entry = transaction.getLogEntry();
        try {
            var command = transaction.getStateMachineContext() instanceof MetadataCommand decoded
                    ? decoded
                    : decode(entry.getStateMachineLogEntry().getLogData());
            var applied = MetadataMachine.apply(state, entry.getIndex(), command);
            state = applied.state();
            updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
            listener.applied(applied);
            checks.applied(entry.getIndex(), command, state);
            var reply = UnsafeByteOperations.unsafeWrap(ReplyCodec.encode(applied.reply()));
            return CompletableFuture.completedFuture(Message.valueOf(reply));
        } catch (MalformedRecordException | RuntimeException e) {
            closeExpected = true;
            listener.failed(new IllegalStateException("cannot apply the log entry " + entry.getIndex(), e));
            throw new IllegalStateException("cannot apply the log entry " + entry.getIndex(), e);
        }
    }

    private static MetadataCommand decode(ByteString bytes) throws MalformedRecordException {
        return CommandCodec.decode(bytes.asReadOnlyByteBuffer());
    }

    @Override
    public void notifyLeaderReady() {
        tellRole();
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        tellRole();
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        tellRole();
    }

    @Override
    public void notifyExtendedNoLeader(RoleInfoProto role) {
        tellRole();
    }

    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto voters) {
        super.notifyConfigurationChanged(term, index, voters);
        tellRole();
    }

    /// The last one to look sees the newest role, so it must also be the last one to tell.
    void tellRole() {
        roleLock.lock();
        try {
            var seen = division();
            if (seen.isPresent() && !closeExpected) {
                listener.roleChanged(Roles.of(seen.get()));
            }
        } finally {
            roleLock.unlock();
        }
    }

    private Optional<RaftServer.Division> division() {
        var group = getGroupId();
        var server = getServer().getNow(null);
        if (group == null || server == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(server.getDivision(group));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// An entry could not be written, as on a full disk. Ratis closes the log then and does not say so to anybody else:
    /// a leader would go on to lead, and answer nobody.
    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto failed) {
        if (!closeExpected) {
            closeExpected = true;
            listener.failed(new IOException("the metadata's log cannot be written: " + cause.getMessage(), cause));
        }
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto role, boolean allServer) {
        closed("Raft shut this node down");
    }

    @Override
    public void close() {
        closed("Raft closed the log after an error of its own");
    }

    /// A voter that is removed is closed by Raft. If it is up to date, it knows from the log. If it was away, it
    /// stands for election, and the leader's answer closes it while it is a candidate.
    private void closed(String why) {
        if (closeExpected) {
            return;
        }
        closeExpected = true;
        var seen = division();
        if (seen.isPresent() && !Roles.votes(seen.get())) {
            listener.removed(true);
        } else if (seen.isPresent() && seen.get().getInfo().isCandidate()) {
            listener.removed(false);
        } else {
            listener.failed(new IOException("the metadata quorum's member stopped: " + why));
        }
    }
}
