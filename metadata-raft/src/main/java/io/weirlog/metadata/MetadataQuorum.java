package io.weirlog.metadata;

import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.Applied;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.ratis.NodeListener;
import io.weirlog.metadata.ratis.RatisNode;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This node's membership in the metadata quorum: the folder, the Raft server, and what the node needs of them.
public final class MetadataQuorum implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataQuorum.class);

    private final QuorumFolder folder;
    private final LocalFeed feed = new LocalFeed();
    private final Status status = new Status();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final RatisNode node;
    private final LocalClient client;

    private MetadataQuorum(QuorumConfig config) throws QuorumStartException {
        this.folder = QuorumFolder.open(config);
        try {
            this.node = RatisNode.start(config, folder.raftDirectory(), new Listener());
        } catch (QuorumStartException | RuntimeException e) {
            closeAround();
            throw e;
        }
        this.client = new LocalClient(node::submit, config.tuning().proposalTimeout(), executor);
    }

    /// Joins the quorum, with what was kept in the folder. It is of use once it is ready: [#awaitReady].
    public static MetadataQuorum start(QuorumConfig config) throws QuorumStartException {
        return new MetadataQuorum(config);
    }

    /// Waits until this node leads the quorum and has applied its log, or knows who does.
    ///
    /// @throws MetadataUnavailableException if that takes too long, this member has failed, or the wait is
    ///     interrupted
    public void awaitReady(Duration timeout) {
        status.awaitReady(timeout);
    }

    public MetadataClient client() {
        return client;
    }

    public MetadataFeed feed() {
        return feed;
    }

    public QuorumRole role() {
        return status.role();
    }

    /// Completes with the cause if this member stops by itself. The node should then stop too: it will hear no
    /// more news.
    public CompletableFuture<Throwable> failure() {
        return status.failure().copy();
    }

    /// The port that this member listens on for other voters.
    public int raftPort() {
        return node.port();
    }

    /// The hash of the newest state, which all voters share at the same log index (M2).
    public String stateHash() {
        return SnapshotCodec.hash(node.state());
    }

    @Override
    public void close() {
        node.close();
        client.close();
        closeAround();
    }

    private void closeAround() {
        feed.close();
        executor.shutdown();
        try {
            folder.close();
        } catch (IOException e) {
            LOG.warn("the metadata folder's lock did not close", e);
        }
    }

    private final class Listener implements NodeListener {
        @Override
        public void storageReady() throws IOException {
            folder.formatted();
        }

        @Override
        public void restored(MetadataState state) {
            feed.reset(state);
        }

        @Override
        public void applied(Applied applied) {
            feed.publish(applied.state(), applied.events());
        }

        @Override
        public void roleChanged(QuorumRole role) {
            status.become(role);
        }

        @Override
        public void failed(Throwable cause) {
            status.fail(cause);
        }
    }

    /// The member's role, to be waited for.
    private static final class Status {
        /// Written by Ratis' threads, waited on by others.
        private final ReentrantLock lock = new ReentrantLock();

        private final Condition changed = lock.newCondition();
        private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        private QuorumRole role = new QuorumRole.Searching();

        QuorumRole role() {
            lock.lock();
            try {
                return role;
            } finally {
                lock.unlock();
            }
        }

        CompletableFuture<Throwable> failure() {
            return failure;
        }

        void become(QuorumRole next) {
            lock.lock();
            try {
                role = next;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        void fail(Throwable cause) {
            become(new QuorumRole.Searching());
            failure.completeAsync(() -> cause);
            lock.lock();
            try {
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        void awaitReady(Duration timeout) {
            long nanosLeft = timeout.toNanos();
            lock.lock();
            try {
                while (role instanceof QuorumRole.Searching) {
                    if (failure.isDone()) {
                        throw unavailable("the metadata quorum's member has failed", failure.getNow(null));
                    }
                    if (nanosLeft <= 0) {
                        throw unavailable("no leader of the metadata quorum is known after " + timeout, null);
                    }
                    nanosLeft = changed.awaitNanos(nanosLeft);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw unavailable("interrupted while waiting for the metadata quorum", e);
            } finally {
                lock.unlock();
            }
        }

        private static MetadataUnavailableException unavailable(String message, @Nullable Throwable cause) {
            return new MetadataUnavailableException(message, true, cause);
        }
    }
}
