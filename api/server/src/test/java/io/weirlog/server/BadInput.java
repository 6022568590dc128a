package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Whatever comes in: a typed error, nothing appended, nothing lost, and the server goes on.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BadInput {
    static final String TOPIC = "orders";
    static final int MESSAGE_BYTES_MAX = 4096;

    TestNode node;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
        node.createTopic(TOPIC, 2, Map.of("max.message.bytes", Integer.toString(MESSAGE_BYTES_MAX)));
        node.append(TOPIC, 0, "kept");
    }

    @AfterAll
    void stop() {
        node.close();
    }

    @AfterEach
    void nothingWasAppendedOrLostAndTheServerLives() {
        assertEquals(1, node.fetch(TOPIC, 0, 0).getHighWatermark());
        assertEquals("kept", node.values(TOPIC, 0).get(0));
        assertEquals(0, node.fetch(TOPIC, 1, 0).getHighWatermark());
    }

    static Problem refused(Runnable call) {
        return Problems.fromThrowable(assertThrows(StatusRuntimeException.class, call::run));
    }

    static void assertReason(Problem problem, Status.Code code, ErrorReason reason, String part) {
        assertEquals(reason, problem.getReason(), problem.getMessage());
        assertEquals(code.value(), problem.getCode());
        assertTrue(problem.getMessage().contains(part), problem.getMessage());
    }

    static ByteString bytes(ByteBuffer batch) {
        return ByteString.copyFrom(batch.duplicate());
    }
}
