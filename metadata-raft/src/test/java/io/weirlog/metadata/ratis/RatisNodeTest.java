package io.weirlog.metadata.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Commands;
import io.weirlog.metadata.MetadataQuorum;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.QuorumConfig;
import io.weirlog.metadata.Submission;
import io.weirlog.metadata.codec.CommandCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What only somebody who knows Ratis can do to a quorum.
@Timeout(60)
class RatisNodeTest {
    private static final UUID CLUSTER = UUID.fromString("00000000-0000-0000-0000-00000000000b");
    private static final RaftPeerId OWN_ID = RaftPeerId.valueOf("1");

    @TempDir
    Path directory;

    private QuorumConfig config() {
        return QuorumConfig.single(directory, CLUSTER, new BrokerId(1));
    }

    @Test
    void anEntryThatIsNoCommandStopsTheMemberAndSaysSo() throws Exception {
        MetadataQuorum.start(config()).close();
        appendForeignEntry();
        try (var quorum = MetadataQuorum.start(config())) {
            var failure = quorum.failure().get(20, TimeUnit.SECONDS);
            assertTrue(String.valueOf(failure.getMessage()).contains("cannot apply the log entry"), failure::toString);
            assertThrows(MetadataUnavailableException.class, () -> quorum.awaitReady(Duration.ofSeconds(5)));
        }
    }

    @Test
    void aClientOfRatisIsTurnedAway() throws Exception {
        try (var quorum = MetadataQuorum.start(config())) {
            quorum.awaitReady(Duration.ofSeconds(20));
            var before = quorum.stateHash();
            var server = RaftPeer.newBuilder()
                    .setId(OWN_ID)
                    .setAddress("localhost:" + quorum.raftPort())
                    .build();
            try (var client = RaftClient.newBuilder()
                    .setProperties(new RaftProperties())
                    .setRaftGroup(RaftGroup.valueOf(RaftGroupId.valueOf(CLUSTER), List.of(server)))
                    .setRetryPolicy(RetryPolicies.noRetry())
                    .build()) {
                var command = CommandCodec.encode(Commands.register(1));
                var refusal = assertThrows(
                        IOException.class, () -> client.io().send(Message.valueOf(ByteString.copyFrom(command))));
                assertTrue(refusal.toString().contains("PERMISSION_DENIED"), refusal::toString);
            }
            assertEquals(before, quorum.stateHash());
        }
    }

    @Test
    void aProcessKeepsItsHandlerOfUncaughtExceptions() {
        RatisEnvironment.prepare();
        assertNull(Thread.getDefaultUncaughtExceptionHandler());
    }

    /// Commits what a state machine of another kind would take.
    private void appendForeignEntry() throws Exception {
        var group = RaftGroup.valueOf(
                RaftGroupId.valueOf(CLUSTER),
                List.of(RaftPeer.newBuilder()
                        .setId(OWN_ID)
                        .setAddress("localhost:0")
                        .build()));
        var ready = new CompletableFuture<Boolean>();
        var machine = new BaseStateMachine() {
            @Override
            public void notifyLeaderReady() {
                ready.complete(true);
            }
        };
        try (var server = RaftServer.newBuilder()
                .setServerId(OWN_ID)
                .setGroup(group)
                .setStateMachine(machine)
                .setOption(StartupOption.RECOVER)
                .setProperties(RatisSettings.of(config(), directory.resolve("raft")))
                .build()) {
            server.start();
            ready.get(20, TimeUnit.SECONDS);
            var request = RaftClientRequest.newBuilder()
                    .setClientId(ClientId.randomId())
                    .setServerId(OWN_ID)
                    .setGroupId(group.getGroupId())
                    .setCallId(1)
                    .setMessage(Message.valueOf("no command"))
                    .setType(RaftClientRequest.writeRequestType())
                    .build();
            assertTrue(server.submitClientRequestAsync(request)
                    .get(20, TimeUnit.SECONDS)
                    .isSuccess());
        }
    }

    @Test
    void aForeignCommandIsRefusedBeforeTheLog() throws Exception {
        var listener = new QuietListener();
        var node = RatisNode.start(config(), directory.resolve("raft"), false, new SimpleMeterRegistry(), listener);
        try {
            listener.active.get(20, TimeUnit.SECONDS);
            var outcome = node.submit(new byte[] {1, 2, 3}).get(20, TimeUnit.SECONDS);
            assertInstanceOf(Submission.NotAppended.class, outcome);
            var command = CommandCodec.encode(Commands.register(1));
            assertInstanceOf(Submission.Answered.class, node.submit(command).get(20, TimeUnit.SECONDS));
        } finally {
            node.close();
        }
        assertInstanceOf(
                Submission.NotAppended.class,
                node.submit(CommandCodec.encode(Commands.register(1))).get(20, TimeUnit.SECONDS));
    }
}
