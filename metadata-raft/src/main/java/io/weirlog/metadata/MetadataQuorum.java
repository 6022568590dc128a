package io.weirlog.metadata;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.weirlog.common.BrokerId;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This node's membership in the metadata quorum: the folder, the Raft server, and what the node needs of them.
public final class MetadataQuorum implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataQuorum.class);

    private final QuorumFolder folder;
    private final LocalFeed feed = new LocalFeed();
    private final RoleStatus status = new RoleStatus();
    private final CompletableFuture<Void> removed = new CompletableFuture<>();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final RatisNode node;
    private final ProposingClient client;
    private final VoterChanges changes;

    private final QuorumMeters meters;

    private MetadataQuorum(QuorumConfig config, MeterRegistry registry) throws QuorumStartException {
        this.folder = QuorumFolder.open(config);
        try {
            this.node = RatisNode.start(config, folder.raftDirectory(), folder.joined(), registry, new Listener());
            this.changes = new VoterChanges(node, executor);
        } catch (QuorumStartException | RuntimeException e) {
            closeAround();
            throw e;
        }
        this.meters = new QuorumMeters(registry, status, feed, node);
        this.client = new ProposingClient(node::submit, config.tuning().proposalTimeout(), executor);
    }

    /// Joins the quorum, with what was kept in the folder. It is of use once it is ready: [#awaitReady].
    ///
    /// @param registry where to tell how the quorum is doing
    public static MetadataQuorum start(QuorumConfig config, MeterRegistry registry) throws QuorumStartException {
        return new MetadataQuorum(config, registry);
    }

    /// Joins the quorum without telling any meters.
    public static MetadataQuorum start(QuorumConfig config) throws QuorumStartException {
        return start(config, new CompositeMeterRegistry());
    }

    /// Waits until this node leads the quorum and has applied its log, or knows who does.
    ///
    /// @throws MetadataUnavailableException if that takes too long, this member has failed, or the wait is
    ///     interrupted
    public void awaitReady(Duration timeout) {
        status.awaitReady(timeout);
    }

    /// Proposes to this member, which answers while it is the active one.
    public MetadataClient client() {
        return client;
    }

    /// Makes one attempt to have an encoded command applied. Only the active member takes it. Completes on a
    /// thread that must not be blocked; always normally.
    public CompletableFuture<Submission> submit(byte[] command) {
        return node.submit(command);
    }

    /// What this member has applied. Nothing is published any more once it was removed: then somebody else may go on
    /// with it.
    public LocalFeed feed() {
        return feed;
    }

    public QuorumRole role() {
        if (removed.isDone()) {
            return new QuorumRole.NotVoter();
        }
        return status.failure().isDone() ? new QuorumRole.Searching() : node.role();
    }

    /// Completes when the quorum has removed this member, on a thread that must not be blocked.
    public CompletableFuture<Void> removed() {
        return removed.copy();
    }

    /// Calls `listener` with the role at once, on a thread of the quorum, and then whenever it has changed.
    public MetadataFeed.Subscription onRoleChange(QuorumRoleListener listener) {
        return status.subscribe(listener);
    }

    /// The voters as this node knows them; how far each of them is only the active controller knows.
    public QuorumDescription describe() {
        return node.describe();
    }

    /// Lets a node vote that was started to join and waits. Returns once it has caught up and votes, or at once
    /// if it does already. To be asked of the active controller.
    ///
    /// @param endpoint where the others reach it; it keeps this address for as long as it votes
    public CompletableFuture<MembershipResult> addVoter(BrokerId id, Endpoint endpoint) {
        return changes.add(id, endpoint);
    }

    /// Takes the vote of a node, which may be gone for good. A living one stops taking part by itself. Asked to
    /// remove itself, the active controller first hands over, and answers who is active now.
    public CompletableFuture<MembershipResult> removeVoter(BrokerId id) {
        return changes.remove(id);
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
        meters.close();
        node.close();
        client.close();
        closeAround();
    }

    private void closeAround() {
        status.close();
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
        public void removed(boolean forGood) {
            if (forGood) {
                try {
                    folder.removed();
                } catch (IOException e) {
                    status.fail(e);
                    return;
                }
            }
            LOG.warn("this node was removed from the metadata quorum");
            removed.complete(null);
            status.become(new QuorumRole.NotVoter());
        }

        @Override
        public void failed(Throwable cause) {
            status.fail(cause);
        }
    }
}
