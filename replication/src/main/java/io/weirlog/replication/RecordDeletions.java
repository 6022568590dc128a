package io.weirlog.replication;

import io.weirlog.common.Offset;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

/// Brings requests to delete records to the partitions' owners. Of each partition one waits for its turn at most: the
/// owners' queues for anything but appends have no bound of their own.
final class RecordDeletions {
    private final Set<PartitionHost> underWay = ConcurrentHashMap.newKeySet();

    /// Any thread. The result comes on the owner's thread, or before this returns.
    CompletableFuture<DeletionResult> ask(PartitionHost host, Optional<Offset> before) {
        if (!underWay.add(host)) {
            return CompletableFuture.completedFuture(
                    new DeletionResult.Overloaded("one deletion of a partition's records at a time"));
        }
        var result = new CompletableFuture<DeletionResult>();
        try {
            host.shard().executeFor(host, () -> run(host, before, result));
        } catch (RejectedExecutionException e) {
            underWay.remove(host);
            result.complete(new DeletionResult.ShuttingDown());
        }
        return result;
    }

    private void run(PartitionHost host, Optional<Offset> before, CompletableFuture<DeletionResult> result) {
        try {
            var outcome = host.deleteRecords(before);
            underWay.remove(host);
            result.complete(outcome);
        } catch (RuntimeException e) {
            underWay.remove(host);
            result.complete(new DeletionResult.StorageFailed(String.valueOf(e)));
            throw e;
        }
    }
}
