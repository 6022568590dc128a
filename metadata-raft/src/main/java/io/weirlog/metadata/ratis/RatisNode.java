package io.weirlog.metadata.ratis;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MembershipResult;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumDescription;
import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.QuorumStartException;
import io.weirlog.metadata.QuorumStartException.Reason;
import io.weirlog.metadata.StateDivergedException;
import io.weirlog.metadata.Submission;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.codec.ReplyCodec;
import io.weirlog.metadata.core.MetadataState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.io.CorruptedFileException;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.apache.ratis.protocol.exceptions.ResourceUnavailableException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One member of the metadata quorum: a Raft server with the metadata machine.
public final class RatisNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RatisNode.class);
    private static final Duration CLOSE_WAIT_MAX = Duration.ofSeconds(10);

    private final QuorumConfig config;
    private final RaftGroup group;
    private final RaftPeerId ownId;
    private final Attempts attempts = new Attempts();
    private final StateChecks checks;
    private final RatisStateMachine machine;
    private final MeterRegistry meters;
    private final Timer commits;
    private final RaftServer server;
    private final RatisMembership membership;
    private final VoterConnections connections;

    private RatisNode(
            QuorumConfig config, Path raftDirectory, boolean joins, MeterRegistry meters, NodeListener listener)
            throws IOException {
        this.config = config;
        // Only what a first start begins with: whoever joins knows nobody, and whoever has a log follows that.
        this.group = RaftGroup.valueOf(
                RaftGroupId.valueOf(config.clusterId()),
                joins
                        ? List.of()
                        : config.voters().stream().map(RatisMembership::peer).toList());
        this.ownId = RatisMembership.peerId(config.nodeId());
        this.checks = new StateChecks(
                config.tuning().stateCheckEntries(),
                () -> role() instanceof QuorumRole.Active,
                command -> {
                    var _ = submit(command);
                },
                cause -> diverged(cause, listener));
        this.machine = new RatisStateMachine(listener, attempts, checks);
        this.meters = meters;
        this.commits = Timer.builder("weirlog.metadata.commit")
                .description("From the proposal of a command to its being applied, on the active controller")
                .publishPercentileHistogram()
                .register(meters);
        RatisMeters.route(ownId.toString(), meters);
        var parameters = new Parameters();
        var tls = config.tls().map(RatisSettings::tls);
        tls.ifPresent(secured -> GrpcConfigKeys.TLS.setConf(parameters, secured));
        GrpcConfigKeys.Server.setServicesCustomizer(parameters, new PeersOnly(tls));
        this.server = RaftServer.newBuilder()
                .setServerId(ownId)
                .setGroup(group)
                .setStateMachine(machine)
                // Makes the folder only where none is; that one was lost is found out before.
                .setOption(StartupOption.RECOVER)
                .setProperties(RatisSettings.of(config, raftDirectory))
                .setParameters(parameters)
                .build();
        this.membership = new RatisMembership(server, group.getGroupId(), ownId);
        this.connections = VoterConnections.watch(server, group.getGroupId());
    }

    /// Starts a member that keeps its state in `raftDirectory`.
    ///
    /// @param joins whether it begins without knowing any voter, and waits until they add it
    /// @param meters where Ratis' metrics go
    public static RatisNode start(
            QuorumConfig config, Path raftDirectory, boolean joins, MeterRegistry meters, NodeListener listener)
            throws QuorumStartException {
        RatisEnvironment.prepare();
        checkAddress(config);
        RatisNode node;
        try {
            node = new RatisNode(config, raftDirectory, joins, meters, listener);
        } catch (IOException | RuntimeException e) {
            throw failure(e);
        }
        try {
            node.server.start();
            node.machine.tellRole();
            return node;
        } catch (IOException | RuntimeException e) {
            node.close();
            throw failure(e);
        }
    }

    /// Stops taking part at once; the files stay as they are, for whoever looks for the cause.
    private void diverged(StateDivergedException cause, NodeListener listener) {
        LOG.error("{}", cause.getMessage());
        machine.expectClose();
        listener.failed(cause);
        Thread.ofPlatform().daemon().name("metadata-quorum-close").start(this::closeServer);
    }

    /// Ratis would begin to vote before it finds the port taken.
    private static void checkAddress(QuorumConfig config) throws QuorumStartException {
        var bind = config.bind();
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByName(bind.host()), bind.port()));
        } catch (IOException e) {
            throw new QuorumStartException(
                    Reason.ADDRESS_UNUSABLE, "cannot listen for voters on " + bind + ": " + e.getMessage(), e);
        }
    }

    private static QuorumStartException failure(Throwable error) {
        var causes = new ArrayDeque<Throwable>();
        for (Throwable cause = error; cause != null && causes.size() < 16; cause = cause.getCause()) {
            causes.add(cause);
        }
        for (var cause : causes) {
            if (cause instanceof DamagedStateException || isLogDamage(cause)) {
                var message = "this voter's metadata is damaged (" + cause.getMessage()
                        + "); in a quorum of several, remove the voter, move its metadata folder away and add it again; a single voter's"
                        + " torn end is cut by: weirlog metadata repair";
                return new QuorumStartException(Reason.STATE_DAMAGED, message, error);
            }
        }
        return new QuorumStartException(Reason.FAILED, "the metadata quorum cannot start: " + causes.getLast(), error);
    }

    /// Ratis tells damage by many kinds of exceptions; they have in common where they come from.
    private static boolean isLogDamage(Throwable cause) {
        return cause instanceof ChecksumException
                || cause instanceof CorruptedFileException
                || Arrays.stream(cause.getStackTrace())
                        .anyMatch(frame -> frame.getClassName().endsWith(".raftlog.segmented.LogSegment"));
    }

    /// The port that this member listens on.
    public int port() {
        return server.getServerRpc().getInetSocketAddress().getPort();
    }

    /// The state after the last entry applied here.
    public MetadataState state() {
        return machine.state();
    }

    /// The newest snapshot on this node's disk.
    public Optional<SnapshotFile> snapshot() {
        return machine.snapshotFile();
    }

    /// What this member is right now.
    public QuorumRole role() {
        try {
            return Roles.of(server.getDivision(group.getGroupId()));
        } catch (IOException e) {
            return new QuorumRole.Searching(); // It is closed.
        }
    }

    /// The voters, as far as this member knows them.
    public QuorumDescription describe() {
        try {
            return membership.describe(server.getDivision(group.getGroupId()));
        } catch (IOException e) {
            throw new MetadataUnavailableException("the metadata quorum is closed", true, e);
        }
    }

    /// Changes the voters from exactly `current` to `next`, which differ by one. Completes normally.
    public CompletableFuture<MembershipResult> setVoters(
            List<QuorumConfig.Voter> current, List<QuorumConfig.Voter> next) {
        return membership.set(current, next);
    }

    /// Lets `heir` lead in place of this node.
    ///
    /// @return whether it does; completes normally
    public CompletableFuture<Boolean> handOver(BrokerId heir, Duration timeout) {
        return membership.handOver(heir, timeout);
    }

    /// Hands an encoded command to the log. Completes on a thread of Ratis that must not be blocked; always
    /// normally.
    public CompletableFuture<Submission> submit(byte[] command) {
        long callId = attempts.begin();
        var begun = Timer.start();
        var request = RaftClientRequest.newBuilder()
                .setClientId(attempts.clientId())
                .setServerId(ownId)
                .setGroupId(group.getGroupId())
                .setCallId(callId)
                .setMessage(Message.valueOf(UnsafeByteOperations.unsafeWrap(command)))
                .setType(RaftClientRequest.writeRequestType())
                .build();
        CompletableFuture<RaftClientReply> reply;
        try {
            reply = server.submitClientRequestAsync(request);
        } catch (IOException | RuntimeException e) {
            reply = CompletableFuture.failedFuture(e);
        }
        return reply.handle((answer, error) -> {
            var outcome = outcome(callId, answer, error);
            if (outcome instanceof Submission.Answered) {
                begun.stop(commits);
            }
            return outcome;
        });
    }

    private Submission outcome(long callId, @Nullable RaftClientReply answer, @Nullable Throwable error) {
        boolean appended = attempts.end(callId);
        if (answer != null && answer.isSuccess()) {
            try {
                return new Submission.Answered(
                        ReplyCodec.decode(answer.getMessage().getContent().asReadOnlyByteBuffer()));
            } catch (MalformedRecordException e) {
                return new Submission.Unknown("an answer that cannot be read: " + e.getMessage());
            }
        }
        var cause = answer != null ? answer.getException() : error;
        if (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (appended) {
            return new Submission.Unknown(String.valueOf(cause));
        }
        return cause instanceof ResourceUnavailableException
                ? new Submission.Overloaded(cause.toString())
                : new Submission.NotAppended(String.valueOf(cause));
    }

    /// Stops this member. That takes up to a second, by which Ratis' log writer looks whether it should stop;
    /// it returns in time even if Ratis does not.
    @Override
    public void close() {
        machine.expectClose();
        checks.close();
        var closer = Thread.ofPlatform().daemon().name("metadata-quorum-close").start(this::closeServer);
        try {
            if (!closer.join(CLOSE_WAIT_MAX)) {
                LOG.warn("the metadata quorum member {} did not stop within {}", config.nodeId(), CLOSE_WAIT_MAX);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeServer() {
        connections.close();
        try {
            server.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("the metadata quorum member {} did not stop cleanly", config.nodeId(), e);
        } finally {
            RatisMeters.unroute(ownId.toString(), meters);
            meters.remove(commits);
        }
    }
}
