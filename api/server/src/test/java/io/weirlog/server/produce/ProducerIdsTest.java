package io.weirlog.server.produce;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RejectReason;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProducerIdsTest {
    private static final int BLOCK = 1_000;

    /// What was asked of the metadata and is not answered yet.
    private final List<CompletableFuture<MetadataReply>> asked = new ArrayList<>();

    private final ProducerIds ids = new ProducerIds(new BrokerId(1), command -> {
        assertInstanceOf(MetadataCommand.AllocateProducerIds.class, command);
        var answer = new CompletableFuture<MetadataReply>();
        asked.add(answer);
        return answer;
    });

    private void give(long first) {
        asked.removeFirst().complete(new MetadataReply.ProducerIdsAllocated(first, BLOCK, 1));
    }

    private static String failure(CompletableFuture<Long> id) {
        var failure = assertThrows(CompletionException.class, id::join);
        return String.valueOf(assertInstanceOf(ProducerIds.NoneLeftException.class, failure.getCause())
                .getMessage());
    }

    @Test
    void thereAreNoneBeforeTheBrokerIsRegistered() {
        assertEquals("the broker is not registered yet", failure(ids.next()));
        assertTrue(asked.isEmpty());
    }

    @Test
    void theNextBlockIsThereBeforeTheLastIsUsedUp() {
        ids.registered(new BrokerEpoch(5));
        var first = ids.next();
        var second = ids.next();
        assertEquals(1, asked.size(), "one block is asked for at a time");
        assertFalse(first.isDone());
        give(7_000);
        assertEquals(7_000, first.join());
        assertEquals(7_001, second.join());
        for (var id = 7_002; id < 8_000; id++) {
            assertEquals(id, ids.next().join());
        }
        assertEquals(1, asked.size());
        give(12_000);
        assertEquals(12_000, ids.next().join());
        assertTrue(asked.isEmpty());
    }

    @Test
    void asManyBlocksAreTakenAsAreWaitedFor() {
        ids.registered(new BrokerEpoch(5));
        var waiting =
                IntStream.range(0, 2 * BLOCK + 1).mapToObj(_ -> ids.next()).toList();
        for (var block = 0; !asked.isEmpty(); block++) {
            assertTrue(block < 4, "no end");
            give(10_000L * block);
        }
        var given = new HashSet<>(waiting.stream().map(CompletableFuture::join).toList());
        assertEquals(waiting.size(), given.size());
    }

    @Test
    void whoeverWaitsHearsOfAFailureAndTheNextAsksAgain() {
        ids.registered(new BrokerEpoch(5));
        var waiting = ids.next();
        asked.removeFirst().completeExceptionally(new MetadataUnavailableException("nobody leads", false, null));
        assertEquals("nobody leads", failure(waiting));
        var refused = ids.next();
        asked.removeFirst().complete(new MetadataReply.Rejected(RejectReason.STALE_BROKER_EPOCH, "an older life"));
        assertEquals("an older life", failure(refused));
        var third = ids.next();
        give(3);
        assertEquals(3, third.join());
    }
}
