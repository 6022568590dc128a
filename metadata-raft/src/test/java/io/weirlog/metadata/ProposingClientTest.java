package io.weirlog.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.TopicId;
import io.weirlog.metadata.core.MetadataReply;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The client against a quorum member that plays a script.
@Timeout(30)
class ProposingClientTest {
    private static final MetadataReply REPLY = new MetadataReply.TopicCreated(new TopicId(new UUID(0, 1)), 7);
    private static final Line ANSWERED = () -> ended(new Submission.Answered(REPLY));
    private static final Line NOT_APPENDED = () -> ended(new Submission.NotAppended("not ready"));
    private static final Line UNKNOWN = () -> ended(new Submission.Unknown("stepped down"));
    private static final Line OVERLOADED = () -> ended(new Submission.Overloaded("full"));
    private static final Line SILENT = CompletableFuture::new;

    /// What the member does with one attempt.
    private interface Line {
        CompletableFuture<Submission> play();
    }

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void triesAgainUntilAnswered() throws Exception {
        assertEquals(REPLY, proposed(Duration.ofSeconds(10), NOT_APPENDED, NOT_APPENDED, UNKNOWN, ANSWERED));
    }

    @Test
    void neverAppendedIsCertain() {
        assertTrue(failed(Duration.ofMillis(200), NOT_APPENDED).outcomeKnownNotApplied());
    }

    @Test
    void oneUnknownAttemptLeavesTheOutcomeOpen() {
        assertFalse(failed(Duration.ofSeconds(2), NOT_APPENDED, UNKNOWN, NOT_APPENDED)
                .outcomeKnownNotApplied());
    }

    @Test
    void silenceLeavesTheOutcomeOpen() {
        assertEquals(false, failed(Duration.ofMillis(100), SILENT).outcomeKnownNotApplied());
    }

    @Test
    void overloadFailsAtOnce() {
        assertTrue(failed(Duration.ofHours(1), OVERLOADED).outcomeKnownNotApplied());
        assertFalse(failed(Duration.ofHours(1), UNKNOWN, OVERLOADED).outcomeKnownNotApplied());
    }

    @Test
    void whatWaitsIsBounded() {
        var client = new ProposingClient(command -> SILENT.play(), Duration.ofHours(1), executor);
        for (int i = 0; i < ProposingClient.UNDER_WAY_MAX; i++) {
            assertFalse(client.propose(Commands.register(1)).isDone());
        }
        assertTrue(failureOf(client.propose(Commands.register(1))).outcomeKnownNotApplied());
        client.close();
    }

    @Test
    void closingFailsWhatIsUnderWay() throws Exception {
        var begun = new CountDownLatch(1);
        var client = new ProposingClient(
                command -> {
                    begun.countDown();
                    return SILENT.play();
                },
                Duration.ofHours(1),
                executor);
        var outcome = client.propose(Commands.register(1));
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        client.close();
        assertFalse(failureOf(outcome).outcomeKnownNotApplied());
        assertTrue(failureOf(client.propose(Commands.register(1))).outcomeKnownNotApplied());
    }

    private MetadataReply proposed(Duration timeout, Line... script) throws Exception {
        return propose(timeout, script).get(20, TimeUnit.SECONDS);
    }

    private MetadataUnavailableException failed(Duration timeout, Line... script) {
        return failureOf(propose(timeout, script));
    }

    /// The last line of the script is played again and again.
    private CompletableFuture<MetadataReply> propose(Duration timeout, Line... script) {
        Queue<Line> lines = new ArrayDeque<>(List.of(script));
        var last = script[script.length - 1];
        var client = new ProposingClient(
                command -> {
                    synchronized (lines) {
                        var line = lines.poll();
                        return line == null ? last.play() : line.play();
                    }
                },
                timeout,
                executor);
        return client.propose(Commands.register(1));
    }

    private static MetadataUnavailableException failureOf(CompletableFuture<MetadataReply> outcome) {
        var failure = assertThrows(ExecutionException.class, () -> outcome.get(20, TimeUnit.SECONDS));
        return assertInstanceOf(MetadataUnavailableException.class, failure.getCause());
    }

    private static CompletableFuture<Submission> ended(Submission submission) {
        return CompletableFuture.completedFuture(submission);
    }
}
