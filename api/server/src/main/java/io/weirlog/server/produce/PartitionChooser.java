package io.weirlog.server.produce;

import io.weirlog.common.KeyHash;
import io.weirlog.v1.Record;
import io.weirlog.v1.RecordList;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Chooses partitions for records whose writer leaves the choice to the broker: by key, so that equal keys stay
/// together
/// and in order; without a key, one partition for all of a request's records, another for the next request.
final class PartitionChooser {
    private final AtomicInteger turn = new AtomicInteger();

    /// Which records of the request go to which partition: indexes in ascending order, by partition.
    SortedMap<Integer, List<Integer>> choose(RecordList records, int partitionCount) {
        var keyless = Math.floorMod(turn.getAndIncrement(), partitionCount);
        SortedMap<Integer, List<Integer>> indexes = new TreeMap<>();
        for (var i = 0; i < records.getRecordsCount(); i++) {
            var record = records.getRecords(i);
            var partition = record.hasKey() ? byKey(record, partitionCount) : keyless;
            indexes.computeIfAbsent(partition, first -> new ArrayList<>()).add(i);
        }
        return indexes;
    }

    private static int byKey(Record record, int partitionCount) {
        return KeyHash.partition(record.getKey().toByteArray(), partitionCount);
    }
}
