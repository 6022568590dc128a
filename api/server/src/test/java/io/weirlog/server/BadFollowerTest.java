package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.weirlog.internal.v1.Caller;
import io.weirlog.internal.v1.FollowAck;
import io.weirlog.internal.v1.FollowAcks;
import io.weirlog.internal.v1.FollowCredit;
import io.weirlog.internal.v1.FollowInitial;
import io.weirlog.internal.v1.FollowOpen;
import io.weirlog.internal.v1.FollowRefusal;
import io.weirlog.internal.v1.FollowRequest;
import io.weirlog.internal.v1.FollowResponse;
import io.weirlog.internal.v1.ReplicationServiceGrpc;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.Replicas;
import io.weirlog.v1.Topic;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Streams of replication from strangers, and from one that says what cannot be: refused, counted, and the partition
/// goes on.
@Timeout(120)
class BadFollowerTest {
    private static final long BROKER_EPOCH_LATER = 1_000_000;

    @TempDir
    private Path folder;

    /// What came, and how it ended.
    private static final class Answers implements StreamObserver<FollowResponse> {
        private final LinkedBlockingQueue<Object> came = new LinkedBlockingQueue<>();

        @Override
        public void onNext(FollowResponse response) {
            if (!response.hasHeartbeat()) {
                came.add(response);
            }
        }

        @Override
        public void onError(Throwable failure) {
            came.add(String.valueOf(failure.getMessage()));
        }

        @Override
        public void onCompleted() {
            came.add("completed");
        }

        Object next() throws InterruptedException {
            return Objects.requireNonNull(came.poll(20, TimeUnit.SECONDS), "nothing came");
        }

        void endsWith(String part) throws InterruptedException {
            var last = next();
            while (last instanceof FollowResponse) {
                last = next();
            }
            assertTrue(last.toString().contains(part), last::toString);
        }
    }

    @Test
    void badStreamsAreRefusedAndCountedAndThePartitionGoesOn() throws Exception {
        try (var cluster = new TestCluster(folder, 2, 1).with(ConfigKeys.HTTP_PORT, "0")) {
            cluster.start(1, 2);
            var topic = cluster.node(1)
                    .admin()
                    .createTopic(CreateTopicRequest.newBuilder()
                            .setName("t")
                            .addReplicas(Replicas.newBuilder().addAllBrokerIds(List.of(1, 2)))
                            .build())
                    .getTopic();
            append(cluster);
            // From now on this test is broker 2.
            cluster.stop(2);
            append(cluster);
            var channel = NettyChannelBuilder.forAddress(
                            "127.0.0.1", cluster.config(1).network().internalPort())
                    .usePlaintext()
                    .build();
            try {
                strangers(channel);
                assertEquals(4, refused(cluster, "stream"));
                violations(channel, topic);
                assertEquals(1, refused(cluster, "acknowledgement"));
                assertEquals(1, refused(cluster, "opening"));
                assertEquals(1, refused(cluster, "credit"));
                assertEquals(2, refused(cluster, "message"));
            } finally {
                channel.shutdownNow();
            }
            append(cluster);
            assertEquals(List.of("value", "value", "value"), cluster.node(1).values("t", 0));
            cluster.start(2);
            append(cluster);
        }
    }

    private static void strangers(ManagedChannel channel) throws InterruptedException {
        open(channel, caller("another-cluster", 2, 1)).endsWith("another-cluster");
        open(channel, caller("test-cluster", 99, 1)).endsWith("99 is not registered");
        open(channel, caller("test-cluster", 2, 7)).endsWith("this is node 1");
        open(
                        channel,
                        FollowRequest.newBuilder()
                                .setCredit(FollowCredit.newBuilder().setBytes(1)))
                .endsWith("`initial`");
    }

    private static void violations(ManagedChannel channel, Topic topic) throws InterruptedException {
        int epoch = topic.getPartitions(0).getLeaderEpoch();
        var answers = new Answers();
        var requests = ReplicationServiceGrpc.newStub(channel).follow(answers);
        requests.onNext(caller("test-cluster", 2, 1).build());
        requests.onNext(opening(topic, 1, epoch, 0));
        assertEquals(
                FollowRefusal.FOLLOW_REFUSAL_STALE_BROKER_EPOCH,
                ((FollowResponse) answers.next()).getRefused().getReason());
        requests.onNext(opening(topic, 2, epoch, BROKER_EPOCH_LATER));
        assertTrue(((FollowResponse) answers.next()).hasAccepted());
        requests.onNext(FollowRequest.newBuilder()
                .setAcks(FollowAcks.newBuilder()
                        .addAcks(
                                FollowAck.newBuilder().setAlias(1).setSession(2).setEnd(1_000)))
                .build());
        var refused = (FollowResponse) answers.next();
        while (!refused.hasRefused()) {
            refused = (FollowResponse) answers.next();
        }
        assertEquals(
                FollowRefusal.FOLLOW_REFUSAL_PROTOCOL_VIOLATION,
                refused.getRefused().getReason());
        requests.onNext(FollowRequest.newBuilder()
                .setCredit(FollowCredit.newBuilder().setBytes(1L << 40))
                .build());
        answers.endsWith("credit for " + (1L << 40) + " bytes");
        nonsense(
                channel,
                FollowRequest.newBuilder().setCredit(FollowCredit.newBuilder().setBytes(-1)),
                "-1 bytes");
        nonsense(
                channel,
                FollowRequest.newBuilder()
                        .setAcks(FollowAcks.newBuilder()
                                .addAcks(FollowAck.newBuilder().setAlias(5))),
                "alias 5");
    }

    private static void nonsense(ManagedChannel channel, FollowRequest.Builder request, String answer)
            throws InterruptedException {
        var answers = new Answers();
        var requests = ReplicationServiceGrpc.newStub(channel).follow(answers);
        requests.onNext(caller("test-cluster", 2, 1).build());
        requests.onNext(request.build());
        answers.endsWith(answer);
    }

    private static Answers open(ManagedChannel channel, FollowRequest.Builder first) {
        var answers = new Answers();
        ReplicationServiceGrpc.newStub(channel).follow(answers).onNext(first.build());
        return answers;
    }

    private static FollowRequest.Builder caller(String cluster, int from, int to) {
        return FollowRequest.newBuilder()
                .setInitial(FollowInitial.newBuilder()
                        .setCaller(Caller.newBuilder()
                                .setClusterId(cluster)
                                .setFromNodeId(from)
                                .setToNodeId(to)));
    }

    private static FollowRequest opening(Topic topic, long session, int epoch, long brokerEpoch) {
        return FollowRequest.newBuilder()
                .setOpen(FollowOpen.newBuilder()
                        .setAlias(1)
                        .setTopicId(ByteString.copyFrom(topic.getTopicId().toByteArray()))
                        .setPartition(0)
                        .setSession(session)
                        .setLeaderEpoch(epoch)
                        .setBrokerEpoch(brokerEpoch)
                        .setLogEnd(0))
                .build();
    }

    private static void append(TestCluster cluster) {
        assertTrue(cluster.node(1).append("t", 0, "value").getFirst().hasAppended());
    }

    private static int refused(TestCluster cluster, String kind) throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:"
                            + cluster.node(1).node.httpPort().orElseThrow() + "/metrics"))
                    .build();
            return (int) http.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line ->
                            line.startsWith("weirlog_replication_refused_total") && line.contains("\"" + kind + "\""))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        }
    }
}
