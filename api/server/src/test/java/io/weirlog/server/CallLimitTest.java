package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.weirlog.server.config.ConfigKeys;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceRequest;
import io.weirlog.v1.ProduceResponse;
import io.weirlog.v1.ProducerServiceGrpc;
import io.weirlog.wire.Problems;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CallLimitTest {
    @Test
    void whoHasTooManyCallsOpenIsToldToTryAgain(@TempDir Path folder) throws Exception {
        try (var cluster = new TestCluster(folder, 1, 1).with(ConfigKeys.CLIENT_MAX_CALLS_PER_ADDRESS, "1")) {
            cluster.start(1);
            var node = cluster.node(1);
            var responses = new StreamProbe<ProduceResponse>();
            var stream = ProducerServiceGrpc.newStub(node.channel).produce(responses);
            stream.onNext(ProduceRequest.newBuilder()
                    .setInitial(ProduceInitial.getDefaultInstance())
                    .build());
            assertTrue(responses.next().hasInitial());
            var refusal = assertThrows(StatusRuntimeException.class, () -> describe(node));
            var problem = Problems.fromThrowable(refusal);
            assertEquals(Status.Code.RESOURCE_EXHAUSTED, refusal.getStatus().getCode());
            assertEquals(ErrorReason.ERROR_REASON_OVERLOADED, problem.getReason());
            assertTrue(problem.hasRetryDelay(), problem::toString);
            assertTrue(problem.getMessage().contains("client.max.calls.per.address"), problem::getMessage);
            stream.onCompleted();
            responses.completion();
            awaitDescribed(node);
        }
    }

    private static void describe(TestNode node) {
        node.cluster().describeCluster(DescribeClusterRequest.getDefaultInstance());
    }

    /// The stream's end is seen by the client a moment before it counts as one.
    private static void awaitDescribed(TestNode node) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            try {
                describe(node);
                return;
            } catch (StatusRuntimeException e) {
                assertTrue(System.nanoTime() - deadlineNanos < 0, e::getMessage);
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }
}
