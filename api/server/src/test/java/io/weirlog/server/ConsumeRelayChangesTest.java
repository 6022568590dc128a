package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.weirlog.v1.Assign;
import io.weirlog.v1.Batch;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumedRecord;
import io.weirlog.v1.DeleteTopicRequest;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.ExplicitPartition;
import io.weirlog.v1.ExplicitPartitions;
import io.weirlog.v1.StartPosition;
import io.weirlog.v1.Unassign;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A Consume stream goes on while partitions, leaders and topics come and go.
class ConsumeRelayChangesTest extends StreamRelay {
    @Test
    void partitionsComeAndGoWhileTheStreamLives() throws InterruptedException {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            write(partition, "v", 2);
        }
        var stream = new Consuming(1)
                .begin(ConsumeInitial.newBuilder()
                        .setPartitions(ExplicitPartitions.newBuilder().addPartitions(partition(1)))
                        .setCredit(PLENTY));
        stream.read(1, 2);
        stream.send(ConsumeRequest.newBuilder()
                .setAssign(Assign.newBuilder()
                        .addPartitions(
                                partition(2).setStart(StartPosition.newBuilder().setOffset(1)))
                        .addPartitions(partition(0))));
        stream.awaitAssigned();
        assertEquals(
                List.of(2, 0),
                stream.assigned.getPartitionsList().stream()
                        .map(each -> each.getPartition())
                        .toList());
        assertEquals(List.of("v1"), stream.read(2, 1));
        assertEquals(List.of("v0", "v1"), stream.read(0, 2));
        int left = stream.assignment(1);
        stream.send(
                ConsumeRequest.newBuilder().setUnassign(Unassign.newBuilder().addAssignments(left)));
        stream.send(
                ConsumeRequest.newBuilder().setUnassign(Unassign.newBuilder().addAssignments(left)));
        assertEquals(
                left,
                stream.responses.next(ConsumeResponse::hasProblem).getProblem().getAssignment());
        write(1, "w", 1);
        write(2, "w", 1);
        assertEquals(List.of("v1", "w0"), stream.read(2, 2));
        assertEquals(List.of("v0", "v1"), stream.values.get(1));
        stream.send(ConsumeRequest.newBuilder().setAssign(Assign.newBuilder().addPartitions(partition(1))));
        stream.awaitAssigned();
        assertFalse(stream.assignment(1) == left, "a number is used once");
        assertEquals(List.of("v0", "v1", "v0", "v1", "w0"), stream.read(1, 5));
    }

    @Test
    void aLeaderThatStopsCostsAReaderNoMoreThanAPause() throws InterruptedException {
        var stream = new Consuming(1).begin(whole());
        write(2, "a", 20);
        stream.read(2, 20);
        cluster.stop(3);
        write(2, "b", 20);
        var read = stream.read(2, 40);
        assertEquals(numbered("a", 20), read.subList(0, 20));
        assertEquals(numbered("b", 20), read.subList(20, 40));
        cluster.start(3);
        cluster.stop(2);
        write(1, "c", 5);
        write(2, "c", 5);
        assertEquals(numbered("c", 5), stream.read(2, 45).subList(40, 45));
        assertEquals(numbered("c", 5), stream.read(1, 5));
    }

    @Test
    void aTopicThatIsDeletedIsToldAndTheOthersGoOn() throws InterruptedException {
        create("other");
        var stream = new Consuming(1)
                .begin(ConsumeInitial.newBuilder()
                        .setPartitions(ExplicitPartitions.newBuilder()
                                .addPartitions(partition(1))
                                .addPartitions(ExplicitPartition.newBuilder()
                                        .setTopic("other")
                                        .setPartition(1)))
                        .setCredit(PLENTY));
        stream.responses.next(ConsumeResponse::hasEndOfPartition);
        stream.responses.next(ConsumeResponse::hasEndOfPartition);
        cluster.node(1)
                .admin()
                .deleteTopic(DeleteTopicRequest.newBuilder().setName("other").build());
        var problem = stream.responses.next(ConsumeResponse::hasProblem).getProblem();
        assertEquals(
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC, problem.getProblem().getReason(), problem::toString);
        assertEquals(2, problem.getAssignment());
        write(1, "v", 1);
        assertEquals("v0", value(stream.batch()));
    }

    private static String value(Batch batch) {
        return batch.getRecords().getRecordsList().stream()
                .map(ConsumedRecord::getValue)
                .findFirst()
                .orElseThrow()
                .toStringUtf8();
    }
}
