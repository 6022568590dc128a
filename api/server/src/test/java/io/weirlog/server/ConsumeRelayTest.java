package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.AppendRequest;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Pause;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Routing;
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A Consume stream from one broker reads from all leaders as if it led everything.
class ConsumeRelayTest extends StreamRelay {
    @Test
    void oneConsumeStreamReadsFromAllLeaders() throws InterruptedException {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            write(partition, "p" + partition + "-", 5);
        }
        for (int node = 1; node <= 3; node++) {
            var stream = new Consuming(node).begin(whole());
            assertEquals(PARTITIONS, stream.assigned.getPartitionsCount());
            var ended = new HashSet<Integer>();
            while (ended.size() < PARTITIONS) {
                var response = stream.responses.next();
                if (response.hasBatch()) {
                    response.getBatch()
                            .getRecords()
                            .getRecordsList()
                            .forEach(record -> stream.values
                                    .computeIfAbsent(
                                            stream.partitions.get(
                                                    response.getBatch().getAssignment()),
                                            _ -> new ArrayList<>())
                                    .add(record.getValue().toStringUtf8()));
                } else if (response.hasEndOfPartition()) {
                    assertEquals(5, response.getEndOfPartition().getNextOffset());
                    ended.add(response.getEndOfPartition().getAssignment());
                }
            }
            for (int partition = 0; partition < PARTITIONS; partition++) {
                assertEquals(numbered("p" + partition + "-", 5), stream.values.get(partition));
            }
            stream.requests.onCompleted();
            stream.responses.completion();
        }
        var stream = new Consuming(1).begin(whole().setStart(latest()));
        assertEquals(
                List.of(5L, 5L, 5L),
                stream.assigned.getPartitionsList().stream()
                        .map(each -> each.getStartOffset())
                        .toList());
        write(2, "new", 3);
        assertEquals(numbered("new", 3), stream.read(2, 3));
    }

    private static StartPosition latest() {
        return StartPosition.newBuilder()
                .setLatest(StartPosition.Latest.getDefaultInstance())
                .build();
    }

    @Test
    void encodedBatchesComeAsTheyLieInTheLog() throws InterruptedException {
        write(1, "v", 3);
        var stream = new Consuming(3).begin(whole().setForm(RecordForm.RECORD_FORM_BATCHES));
        long next = 0;
        while (next < 3) {
            var batch = stream.batch();
            assertEquals(next, batch.getBaseOffset());
            var bytes = batch.getBatches().asReadOnlyByteBuffer();
            assertEquals(next, RecordBatch.of(bytes).baseOffset());
            next = batch.getNextOffset();
        }
        assertEquals(3, next);
    }

    @Test
    void creditsAndPositionsAreAsIfTheBrokerLedThePartition() throws InterruptedException {
        write(2, "v", 10);
        var stream = new Consuming(1).begin(whole().clearCredit());
        assertTrue(stream.responses.isSilentFor(200));
        stream.send(credit(4, 1 << 20));
        assertEquals(numbered("v", 4), stream.read(2, 4));
        assertTrue(stream.responses.isSilentFor(200));
        stream.send(credit(1_000, 1 << 20));
        stream.read(2, 10);
        int assignment = stream.assignment(2);
        stream.send(seek(assignment, 7, StartPosition.newBuilder().setOffset(8)));
        var sought = stream.responses
                .next(response -> response.hasBatch() && response.getBatch().getSeekId() == 7)
                .getBatch();
        assertEquals(8, sought.getBaseOffset());
        stream.send(ConsumeRequest.newBuilder().setPause(Pause.newBuilder().addAssignments(assignment)));
        // Answered after the pause was done.
        stream.send(seek(99, 8, StartPosition.newBuilder().setOffset(0)));
        stream.responses.next(ConsumeResponse::hasProblem);
        write(2, "w", 2);
        assertTrue(stream.responses.isSilentFor(300));
        stream.send(ConsumeRequest.newBuilder().setResume(Resume.newBuilder().addAssignments(assignment)));
        assertEquals(10, stream.batch().getBaseOffset());
        stream.send(seek(assignment, 9, StartPosition.newBuilder().setOffset(1_000)));
        var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
        assertEquals(
                ErrorReason.ERROR_REASON_OFFSET_OUT_OF_RANGE,
                problem.getProblem().getReason());
        assertEquals(assignment, problem.getAssignment());
    }

    @Test
    void timesAreLookedUpAtTheLeader() throws InterruptedException {
        for (int i = 1; i <= 3; i++) {
            var append = AppendRequest.newBuilder().setTopic(TOPIC).setPartition(1);
            append.getRecordsBuilder()
                    .addRecordsBuilder()
                    .setValue(ByteString.copyFromUtf8("t" + i))
                    .setTimestamp(Timestamp.newBuilder().setSeconds(1_000L * i));
            cluster.node(1).producer().append(append.build());
        }
        var stream = new Consuming(3).begin(whole().setStart(at(1_500)));
        assertEquals(1, stream.assigned.getPartitions(1).getStartOffset());
        assertEquals(List.of("t2", "t3"), stream.read(1, 2));
        stream.send(seek(stream.assignment(1), 1, at(3_000).toBuilder()));
        assertEquals(
                2,
                stream.responses
                        .next(response -> response.getBatch().getSeekId() == 1)
                        .getBatch()
                        .getBaseOffset());
        var young = new Consuming(3).begin(whole().setStart(at(9_000)));
        assertEquals(3, young.assigned.getPartitions(1).getStartOffset());
    }

    @Test
    void whoReadsFromLeadersOnlyIsSentToThem() throws InterruptedException {
        var stream = new Consuming(1).begin(whole().setRouting(Routing.ROUTING_LEADER_ONLY));
        for (int i = 0; i < 2; i++) {
            var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
            assertEquals(
                    ErrorReason.ERROR_REASON_NOT_LEADER, problem.getProblem().getReason());
        }
        assertTrue(stream.responses.isSilentFor(200) || leaderOf(0) == 1);
    }
}
