package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import io.grpc.Attributes;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.AppendResponse;
import io.weirlog.v1.CreateTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import io.weirlog.v1.Replicas;
import io.weirlog.wire.Problems;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A client whose appends are not answered for long, since the partition has no leader, beside one at another address.
@Timeout(60)
class MemoryHogTest {
    private static final String LOST = "lost";
    private static final String FINE = "fine";
    private static final int RECORD_BYTES = 900_000;

    @Test
    void whoHoldsItsShareLeavesTheRestToOthers(@TempDir Path folder) throws Exception {
        try (var cluster = new TestCluster(folder, 2, 1)
                .with(ConfigKeys.MAX_REQUEST_BYTES, "1MiB")
                .with(ConfigKeys.REQUEST_MEMORY_BYTES, "4MiB")
                .with(ConfigKeys.REQUEST_MEMORY_PERCENT_PER_ADDRESS, "50")) {
            cluster.start(1, 2);
            create(cluster.node(1), LOST, 2);
            create(cluster.node(1), FINE, 1);
            cluster.stop(2);
            var hog = channel(cluster.node(1), "127.0.0.2");
            var other = channel(cluster.node(1), "127.0.0.1");
            try {
                var held = new ArrayList<ListenableFuture<AppendResponse>>();
                for (var i = 0; i < 3; i++) {
                    held.add(append(hog, LOST));
                }
                // They arrive in any order: there is room for two of them.
                var problem = refusal(held.remove(firstDone(held)));
                assertEquals(Status.Code.RESOURCE_EXHAUSTED.value(), problem.getCode());
                assertEquals(ErrorReason.ERROR_REASON_OVERLOADED, problem.getReason());
                assertTrue(problem.hasRetryDelay(), problem::toString);
                assertTrue(problem.getMessage().contains("request.memory.percent.per.address"), problem::getMessage);
                for (var i = 0; i < 3; i++) {
                    append(other, FINE).get(20, TimeUnit.SECONDS);
                }
                assertTrue(held.stream().noneMatch(ListenableFuture::isDone), "the hog held nothing any more");
                // In the end its appends are refused, and what they held is free.
                for (var append : held) {
                    assertEquals(
                            ErrorReason.ERROR_REASON_NO_LEADER, refusal(append).getReason());
                }
                append(hog, FINE).get(20, TimeUnit.SECONDS);
            } finally {
                hog.shutdownNow();
                other.shutdownNow();
            }
        }
    }

    private static void create(TestNode node, String topic, int broker) {
        node.admin()
                .createTopic(CreateTopicRequest.newBuilder()
                        .setName(topic)
                        .addReplicas(Replicas.newBuilder().addBrokerIds(broker))
                        .build());
    }

    private static ManagedChannel channel(TestNode node, String from) {
        return NettyChannelBuilder.forAddress("127.0.0.1", node.node.clientPort())
                .localSocketPicker(new NettyChannelBuilder.LocalSocketPicker() {
                    @Override
                    public SocketAddress createSocketAddress(SocketAddress remote, Attributes attributes) {
                        return new InetSocketAddress(from, 0);
                    }
                })
                .usePlaintext()
                .build();
    }

    private static ListenableFuture<AppendResponse> append(ManagedChannel channel, String topic) {
        return ProducerServiceGrpc.newFutureStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .append(AppendRequest.newBuilder()
                        .setTopic(topic)
                        .setPartition(0)
                        .setRecords(RecordList.newBuilder()
                                .addRecords(Record.newBuilder().setValue(ByteString.copyFrom(new byte[RECORD_BYTES]))))
                        .build());
    }

    /// @return the place of the first one that is answered
    private static <T> int firstDone(List<ListenableFuture<T>> futures) throws InterruptedException {
        var done = new LinkedBlockingQueue<Integer>();
        for (var i = 0; i < futures.size(); i++) {
            int place = i;
            futures.get(i).addListener(() -> done.add(place), Runnable::run);
        }
        return Objects.requireNonNull(done.poll(20, TimeUnit.SECONDS), "none is answered");
    }

    private static Problem refusal(ListenableFuture<AppendResponse> append) {
        var failure = assertThrows(ExecutionException.class, () -> append.get(20, TimeUnit.SECONDS));
        return Problems.fromThrowable(Objects.requireNonNull(failure.getCause()));
    }
}
