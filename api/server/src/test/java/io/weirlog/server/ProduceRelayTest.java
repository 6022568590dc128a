package io.weirlog.server;

import static io.weirlog.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ProduceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// A Produce stream to one broker writes to all leaders.
class ProduceRelayTest extends StreamRelay {
    @Test
    void oneProduceStreamWritesToAllLeadersInOrder() throws InterruptedException {
        for (int node = 1; node <= 3; node++) {
            var stream = new Producing(node);
            for (int i = 0; i < 600; i++) {
                stream.append(i, i % PARTITIONS, "v" + i);
            }
            var last = new long[] {-1, -1, -1};
            for (int i = 0; i < 600; i++) {
                var result = stream.responses.next(ProduceResponse::hasResult).getResult();
                assertTrue(result.hasAppended(), result::toString);
                assertEquals(result.getPartition() + 1, result.getLeader().getBrokerId());
                assertTrue(result.getCorrelationId() > last[result.getPartition()]);
                last[result.getPartition()] = result.getCorrelationId();
            }
            stream.requests.onCompleted();
            stream.responses.completion();
        }
        for (int partition = 0; partition < PARTITIONS; partition++) {
            int first = partition;
            var once =
                    IntStream.range(0, 200).mapToObj(i -> "v" + (first + 3 * i)).toList();
            var read = cluster.node(1).values(TOPIC, partition);
            assertEquals(once, read.subList(0, 200));
            assertEquals(600, read.size());
        }
    }

    @Test
    void aProduceStreamOutlivesTheLeadersThatStop() throws InterruptedException {
        var stream = new Producing(1);
        int sent = 0;
        int answered = 0;
        for (; sent < 100; sent++) {
            stream.append(sent, 2, "v" + sent);
        }
        cluster.stop(3);
        for (; sent < 200; sent++) {
            stream.append(sent, 2, "v" + sent);
        }
        await(() -> leaderOf(2) == 2);
        for (; sent < 300; sent++) {
            stream.append(sent, 2, "v" + sent);
        }
        List<String> acknowledged = new ArrayList<>();
        for (; answered < 300; answered++) {
            var result = stream.responses.next(ProduceResponse::hasResult).getResult();
            assertEquals(answered, result.getCorrelationId());
            if (result.hasAppended()) {
                acknowledged.add("v" + answered);
            } else {
                // The leader gave its partition away before the append was replicated.
                assertEquals(
                        AppendOutcome.APPEND_OUTCOME_UNKNOWN,
                        result.getFailure().getOutcome(),
                        result::toString);
            }
        }
        var read = cluster.node(2).values(TOPIC, 2);
        assertTrue(acknowledged.contains("v299"));
        assertTrue(read.containsAll(acknowledged));
        var inOrder = numbered("v", 300).stream().filter(read::contains).toList();
        assertEquals(inOrder, read);
    }
}
