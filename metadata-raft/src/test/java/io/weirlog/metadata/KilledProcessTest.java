package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicId;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// kill -9 of a process with a quorum of one, in the middle of its proposals.
@Timeout(120)
class KilledProcessTest {
    private static final UUID CLUSTER = new UUID(0, 12);
    private static final int KILLS = 3;
    private static final int ANSWERS_BEFORE_KILL = 150;

    @TempDir
    Path directory;

    @Test
    void everythingAnsweredIsThere() throws Exception {
        List<String> answered = new ArrayList<>();
        for (int kill = 1; kill <= KILLS; kill++) {
            answered.addAll(runAndKill("run-" + kill));
            try (var quorum = MetadataQuorum.start(config(directory))) {
                quorum.awaitReady(Duration.ofSeconds(20));
                var image = quorum.feed().image();
                for (var name : answered) {
                    assertTrue(image.topic(name).isPresent(), () -> name + " was answered and is gone");
                }
            }
        }
        assertEquals(KILLS * ANSWERS_BEFORE_KILL, answered.size());
    }

    private List<String> runAndKill(String prefix) throws IOException, InterruptedException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var process = new ProcessBuilder(
                        java,
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledProcessTest.class.getName(),
                        directory.toString(),
                        prefix)
                .redirectError(new File(directory.toFile(), prefix + ".err"))
                .start();
        var answered = new ArrayList<String>();
        try (var output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (var line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(prefix)) {
                    answered.add(line);
                }
                if (answered.size() == ANSWERS_BEFORE_KILL) {
                    break;
                }
            }
        } finally {
            process.destroyForcibly();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        }
        return answered;
    }

    /// The process to be killed: creates topics without end and prints the name of each that was answered.
    public static void main(String[] arguments) throws Exception {
        var quorum = MetadataQuorum.start(config(Path.of(arguments[0])));
        quorum.awaitReady(Duration.ofSeconds(20));
        quorum.client()
                .propose(new MetadataCommand.RegisterBroker(
                        new RequestId(UUID.randomUUID()),
                        new BrokerId(1),
                        UUID.randomUUID(),
                        Optional.empty(),
                        Map.of("client", new Endpoint("localhost", 7171)),
                        false))
                .get(10, TimeUnit.SECONDS);
        int underWayMax = 8;
        var underWay = new Semaphore(underWayMax);
        for (int topic = 0; ; topic++) {
            if (!underWay.tryAcquire(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("no answer");
            }
            var name = arguments[1] + "-" + topic;
            var create = new MetadataCommand.CreateTopic(
                    new RequestId(UUID.randomUUID()), name, new TopicId(UUID.randomUUID()), 3, 1, Map.of());
            var _ = quorum.client().propose(create).thenAccept(reply -> {
                assertInstanceOf(MetadataReply.TopicCreated.class, reply);
                System.out.println(name);
                underWay.release();
            });
        }
    }

    private static QuorumConfig config(Path directory) {
        return QuorumConfig.single(directory.resolve("metadata"), CLUSTER, new BrokerId(1));
    }
}
