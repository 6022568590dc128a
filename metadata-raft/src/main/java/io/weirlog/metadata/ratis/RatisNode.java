package io.weirlog.metadata.ratis;

import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.QuorumStartException;
import io.weirlog.metadata.QuorumStartException.Reason;
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
import org.apache.ratis.protocol.RaftPeer;
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
    private final RatisStateMachine machine;
    private final RaftServer server;

    private RatisNode(QuorumConfig config, Path raftDirectory, NodeListener listener) throws IOException {
        RatisEnvironment.prepare();
        this.config = config;
        this.group = RaftGroup.valueOf(
                RaftGroupId.valueOf(config.clusterId()),
                config.voters().stream().map(RatisNode::peer).toList());
        this.ownId = peerId(config.nodeId().value());
        this.machine = new RatisStateMachine(listener, attempts);
        var parameters = new Parameters();
        GrpcConfigKeys.Server.setServicesCustomizer(parameters, new PeersOnly());
        this.server = RaftServer.newBuilder()
                .setServerId(ownId)
                .setGroup(group)
                .setStateMachine(machine)
                // Makes the folder only where none is; that one was lost is found out before.
                .setOption(StartupOption.RECOVER)
                .setProperties(RatisSettings.of(config, raftDirectory))
                .setParameters(parameters)
                .build();
    }

    /// Starts a member that keeps its state in `raftDirectory`.
    public static RatisNode start(QuorumConfig config, Path raftDirectory, NodeListener listener)
            throws QuorumStartException {
        checkAddress(config);
        RatisNode node;
        try {
            node = new RatisNode(config, raftDirectory, listener);
        } catch (IOException | RuntimeException e) {
            throw failure(e);
        }
        try {
            node.server.start();
            return node;
        } catch (IOException | RuntimeException e) {
            node.close();
            throw failure(e);
        }
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
                        + "); remove the voter from the quorum and add the node under a new node.id with an empty folder";
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

    private static RaftPeer peer(QuorumConfig.Voter voter) {
        return RaftPeer.newBuilder()
                .setId(peerId(voter.id().value()))
                .setAddress(voter.address().toString())
                .build();
    }

    private static RaftPeerId peerId(int nodeId) {
        return RaftPeerId.valueOf(Integer.toString(nodeId));
    }

    /// The port that this member listens on.
    public int port() {
        return server.getServerRpc().getInetSocketAddress().getPort();
    }

    /// The state after the last entry applied here.
    public MetadataState state() {
        return machine.state();
    }

    /// Hands an encoded command to the log. Completes on a thread of Ratis that must not be blocked; always
    /// normally.
    public CompletableFuture<Submission> submit(byte[] command) {
        long callId = attempts.begin();
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
        return reply.handle((answer, error) -> outcome(callId, answer, error));
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
        try {
            server.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("the metadata quorum member {} did not stop cleanly", config.nodeId(), e);
        }
    }
}
