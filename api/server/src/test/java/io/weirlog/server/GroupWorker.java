package io.weirlog.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Duration;
import io.grpc.stub.StreamObserver;
import io.weirlog.v1.Assigned;
import io.weirlog.v1.Batch;
import io.weirlog.v1.Commit;
import io.weirlog.v1.CommitPosition;
import io.weirlog.v1.ConsumeInitial;
import io.weirlog.v1.ConsumeRequest;
import io.weirlog.v1.ConsumeResponse;
import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.Credit;
import io.weirlog.v1.GroupSubscription;
import io.weirlog.v1.Resume;
import io.weirlog.v1.Revoked;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// A member of a group for as long as one stream lasts: commits each batch, and tells the group's [Ledger] what it read
/// and what was acknowledged.
final class GroupWorker implements StreamObserver<ConsumeResponse> {
    private final Ledger ledger;
    private final StreamObserver<ConsumeRequest> requests;
    private final Map<Integer, Integer> partitions = new HashMap<>();
    /// By assignment: what was acknowledged to the group when the assignment began, until its first batch came.
    private final Map<Integer, Long> floors = new HashMap<>();
    private final Map<Long, CommitPosition> commits = new HashMap<>();
    private long commitId;
    private volatile boolean ended;

    /// What all members of one group have seen. Offsets are counted, not values: a producer that sends again may write
    /// a value twice.
    static final class Ledger {
        final String group;
        private final Map<Integer, Map<Long, Integer>> timesRead = new HashMap<>();
        private final Map<Integer, Long> acknowledged = new HashMap<>();
        private long records;
        private long readAgain;
        private String failure = "";

        Ledger(String group) {
            this.group = group;
        }

        private synchronized void read(int partition, long offset) {
            records++;
            readAgain +=
                    timesRead.computeIfAbsent(partition, _ -> new HashMap<>()).merge(offset, 1, Integer::sum) > 1
                            ? 1
                            : 0;
        }

        private synchronized void acknowledge(int partition, long nextOffset) {
            acknowledged.merge(partition, nextOffset, Math::max);
        }

        synchronized long acknowledged(int partition) {
            return acknowledged.getOrDefault(partition, 0L);
        }

        synchronized Map<Integer, Long> acknowledged() {
            return new HashMap<>(acknowledged);
        }

        private synchronized void fail(String what) {
            failure = failure.isEmpty() ? what : failure;
        }

        synchronized void check() {
            assertTrue(failure.isEmpty(), failure);
        }

        synchronized boolean hasRead(int partition, long offset) {
            return timesRead.getOrDefault(partition, Map.of()).containsKey(offset);
        }

        synchronized long records() {
            return records;
        }

        synchronized long readAgain() {
            return readAgain;
        }
    }

    GroupWorker(TestNode node, String topic, Ledger ledger) {
        this.ledger = ledger;
        requests = ConsumerServiceGrpc.newStub(node.channel).consume(this);
        requests.onNext(ConsumeRequest.newBuilder()
                .setInitial(ConsumeInitial.newBuilder()
                        .setGroup(GroupSubscription.newBuilder()
                                .setGroupId(ledger.group)
                                .addTopics(topic)
                                .setSessionTimeout(Duration.newBuilder().setSeconds(3)))
                        .setCredit(Credit.newBuilder().setRecords(10_000_000).setBytes(1L << 40)))
                .build());
    }

    boolean hasEnded() {
        return ended;
    }

    void leave() {
        requests.onCompleted();
    }

    @Override
    public void onNext(ConsumeResponse response) {
        switch (response.getResponseCase()) {
            case ASSIGNED -> assigned(response.getAssigned());
            case BATCH -> batch(response.getBatch());
            case COMMITTED -> {
                var position = commits.remove(response.getCommitted().getCommitId());
                if (position != null && !response.getCommitted().hasProblem()) {
                    ledger.acknowledge(partition(position.getAssignment()), position.getNextOffset());
                }
            }
            case REVOKING ->
                requests.onNext(ConsumeRequest.newBuilder()
                        .setRevoked(Revoked.newBuilder()
                                .addAllAssignments(response.getRevoking().getAssignmentsList()))
                        .build());
            case PROBLEM ->
                requests.onNext(ConsumeRequest.newBuilder()
                        .setResume(Resume.newBuilder()
                                .addAssignments(response.getProblem().getAssignment()))
                        .build());
            case INITIAL, END_OF_PARTITION, LAG, HEARTBEAT, DRAINING, PREFERRED, RESPONSE_NOT_SET -> {}
        }
    }

    private void assigned(Assigned message) {
        for (var one : message.getPartitionsList()) {
            partitions.put(one.getAssignment(), one.getPartition());
            floors.put(one.getAssignment(), ledger.acknowledged(one.getPartition()));
        }
    }

    private int partition(int assignment) {
        return Objects.requireNonNull(partitions.get(assignment));
    }

    private void batch(Batch batch) {
        int partition = partition(batch.getAssignment());
        var floor = floors.remove(batch.getAssignment());
        for (var record : batch.getRecords().getRecordsList()) {
            if (floor != null && record.getOffset() < floor) {
                ledger.fail("%s was given offset %d of partition %d, after %d had been acknowledged"
                        .formatted(ledger.group, record.getOffset(), partition, floor));
            }
            floor = null;
            ledger.read(partition, record.getOffset());
        }
        var position = CommitPosition.newBuilder()
                .setAssignment(batch.getAssignment())
                .setNextOffset(batch.getNextOffset())
                .build();
        commits.put(++commitId, position);
        requests.onNext(ConsumeRequest.newBuilder()
                .setCommit(Commit.newBuilder().setCommitId(commitId).addPositions(position))
                .build());
    }

    @Override
    public void onError(Throwable failure) {
        ended = true;
    }

    @Override
    public void onCompleted() {
        ended = true;
    }
}
