package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1alpha.ServerReflectionGrpc;
import io.grpc.reflection.v1alpha.ServerReflectionRequest;
import io.grpc.reflection.v1alpha.ServerReflectionResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `grpcurl` and its like need: a contract that the server tells itself, and errors that people can read.
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReflectionTest {
    private static final Path PAGE = Path.of("../../docs/shell.md");
    private static final Pattern COMMAND =
            Pattern.compile("grpcurl -plaintext (?:-d '(.*)' )?127\\.0\\.0\\.1:7171 (\\S+)(?: (\\S+))?");

    private TestNode node;
    private ReflectedClient client;

    @BeforeAll
    void start(@TempDir Path dataDir) throws NodeStartException {
        node = TestNode.start(dataDir);
        client = new ReflectedClient(node.channel);
    }

    @AfterAll
    void stop() {
        node.close();
    }

    /// Every `grpcurl` command of the page, in its order.
    @Test
    void theDocumentedCommandsWork() throws Exception {
        List<String> answers = new ArrayList<>();
        for (var line : Files.readAllLines(PAGE)) {
            if (!line.startsWith("grpcurl ")) {
                continue;
            }
            var command = COMMAND.matcher(line);
            assertTrue(command.matches(), line);
            answers.add(
                    switch (command.group(2)) {
                        case "list" -> client.services().toString();
                        case "describe" -> client.fields(command.group(3)).toString();
                        default -> client.call(command.group(2), command.group(1));
                    });
        }
        var all = String.join("\n", answers);
        for (var part : List.of(
                "weirlog.v1.GroupsService",
                "expected_base_offset",
                "\"name\":\"greetings\"",
                "\"baseOffset\":\"0\"",
                "\"value\":\"aGVsbG8=\"",
                "\"lagRecords\":\"1\"")) {
            assertTrue(all.contains(part), () -> part + " is missing in:\n" + all);
        }
    }

    @Test
    void aMistakeIsExplained() throws Exception {
        var refused = assertThrows(
                StatusRuntimeException.class,
                () -> client.call(
                        "weirlog.v1.ProducerService/Append",
                        "{\"topic\": \"nowhere\", \"records\": {\"records\": [{\"value\": \"eA==\"}]}}"));
        assertEquals(Status.Code.NOT_FOUND, refused.getStatus().getCode());
        assertEquals(
                "there is no topic 'nowhere': create it first, or check its name",
                refused.getStatus().getDescription());
        var info = Objects.requireNonNull(StatusProto.fromThrowable(refused))
                .getDetails(0)
                .unpack(ErrorInfo.class);
        assertEquals("UNKNOWN_TOPIC", info.getReason());
        assertThrows(
                InvalidProtocolBufferException.class,
                () -> client.call("weirlog.v1.ProducerService/Append", "{\"tpic\": \"x\"}"));
    }

    @Test
    void olderToolsFindReflectionUnderItsFormerName() throws Exception {
        var answers = new StreamProbe<ServerReflectionResponse>();
        var requests = ServerReflectionGrpc.newStub(node.channel).serverReflectionInfo(answers);
        requests.onNext(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("weirlog.v1.ConsumerService")
                .build());
        assertTrue(answers.next().getFileDescriptorResponse().getFileDescriptorProtoCount() > 1);
        requests.onCompleted();
    }
}
