package io.weirlog.server.group;

import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListOffsetsRequest;
import io.weirlog.v1.ListedOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Looks up offsets at whichever brokers lead the partitions.
@FunctionalInterface
public interface LogEnds {
    /// One offset for each query, in their order. Never fails: what went wrong is in the offsets.
    CompletableFuture<List<ListedOffset>> list(ListOffsetsRequest request);

    /// As above.
    default CompletableFuture<List<ListedOffset>> list(List<ListOffsetsPartition> queries) {
        return queries.isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : list(ListOffsetsRequest.newBuilder().addAllPartitions(queries).build());
    }
}
