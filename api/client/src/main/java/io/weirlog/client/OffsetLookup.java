package io.weirlog.client;

import io.weirlog.v1.ConsumerServiceGrpc;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.Problem;
import io.weirlog.v1.StartPosition;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/// Finds offsets at the partitions' leaders.
final class OffsetLookup implements LeaderCalls.Exchange {
    private final UnaryCalls calls;
    private final StartPosition position;
    private final Duration timeout;
    private final Map<PartitionRef, ListedOffset> found = new HashMap<>();

    OffsetLookup(UnaryCalls calls, StartPosition position, Duration timeout) {
        this.calls = calls;
        this.position = position;
        this.timeout = timeout;
    }

    /// The offsets in the order of the partitions.
    ///
    /// @throws WeirlogException what is wrong with the first partition that cannot tell, or with its leader
    List<PartitionOffset> find(Collection<PartitionRef> partitions) {
        new LeaderCalls(calls, timeout, this).run(partitions);
        return partitions.stream()
                .map(partition -> new PartitionOffset(partition, offset(partition)))
                .toList();
    }

    private OptionalLong offset(PartitionRef partition) {
        var listed = Objects.requireNonNull(found.get(partition));
        return listed.hasOffset() ? OptionalLong.of(listed.getOffset()) : OptionalLong.empty();
    }

    @Override
    public Map<PartitionRef, Problem> ask(Optional<Address> broker, List<PartitionRef> partitions, Duration remaining) {
        var request = ListOffsetsRequest.newBuilder();
        for (var partition : partitions) {
            request.addPartitions(ListOffsetsPartition.newBuilder()
                    .setTopic(partition.topic())
                    .setPartition(partition.partition())
                    .setPosition(position));
        }
        var method = ConsumerServiceGrpc.getListOffsetsMethod();
        var answer = calls.callAtOrAny(broker, method, request.build(), remaining);
        var problems = new HashMap<PartitionRef, Problem>();
        for (var listed : answer.getOffsetsList()) {
            var partition = new PartitionRef(listed.getTopic(), listed.getPartition());
            if (listed.hasProblem()) {
                problems.put(partition, listed.getProblem());
            } else {
                found.put(partition, listed);
            }
        }
        return problems;
    }

    @Override
    public void refused(PartitionRef partition, Problem problem) {
        throw WeirlogException.of(problem);
    }
}
