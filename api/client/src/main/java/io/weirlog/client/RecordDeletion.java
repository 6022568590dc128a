package io.weirlog.client;

import io.weirlog.v1.AdminServiceGrpc;
import io.weirlog.v1.DeleteRecordsPartition;
import io.weirlog.v1.DeleteRecordsRequest;
import io.weirlog.v1.Problem;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// Has records deleted by the partitions' leaders. By offset only: that may be repeated, and deletes no more then.
final class RecordDeletion implements LeaderCalls.Exchange {
    private static final int PARTITIONS_PER_REQUEST = 1_000;

    private final UnaryCalls calls;
    private final Map<PartitionRef, Long> before;
    private final TreeMap<PartitionRef, DeletionOutcome> outcomes = new TreeMap<>();

    RecordDeletion(UnaryCalls calls, Map<PartitionRef, Long> before) {
        this.calls = calls;
        this.before = Map.copyOf(before);
    }

    Map<PartitionRef, DeletionOutcome> run(Duration timeout) {
        var partitions = List.copyOf(before.keySet());
        for (var from = 0; from < partitions.size(); from += PARTITIONS_PER_REQUEST) {
            new LeaderCalls(calls, timeout, this)
                    .run(partitions.subList(from, Math.min(partitions.size(), from + PARTITIONS_PER_REQUEST)));
        }
        return outcomes;
    }

    @Override
    public Map<PartitionRef, Problem> ask(Optional<Address> broker, List<PartitionRef> partitions, Duration remaining) {
        var request = DeleteRecordsRequest.newBuilder();
        for (var partition : partitions) {
            request.addPartitions(DeleteRecordsPartition.newBuilder()
                    .setTopic(partition.topic())
                    .setPartition(partition.partition())
                    .setOffset(Objects.requireNonNull(before.get(partition))));
        }
        var answer = calls.callAtOrAny(broker, AdminServiceGrpc.getDeleteRecordsMethod(), request.build(), remaining);
        var problems = new HashMap<PartitionRef, Problem>();
        for (var deleted : answer.getResultsList()) {
            var partition = new PartitionRef(deleted.getTopic(), deleted.getPartition());
            if (deleted.hasProblem()) {
                problems.put(partition, deleted.getProblem());
            } else {
                outcomes.put(partition, new DeletionOutcome.Begins(deleted.getLogStartOffset()));
            }
        }
        return problems;
    }

    @Override
    public void refused(PartitionRef partition, Problem problem) {
        outcomes.put(partition, new DeletionOutcome.Refused(WeirlogException.of(problem)));
    }
}
