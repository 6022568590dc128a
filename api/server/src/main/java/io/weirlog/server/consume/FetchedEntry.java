package io.weirlog.server.consume;

import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import java.util.ArrayList;
import java.util.List;

/// What a fetch found in one partition.
///
/// @param batches the encoded form's bytes, if that is the form; owned by the entry
record FetchedEntry(FetchedPartition partition, Payload batches) implements AutoCloseable {
    long sizeBytes() {
        long records = partition.hasRecords() ? partition.getRecords().getSerializedSize() : 0;
        return records + batches.length();
    }

    static Framed<FetchResponse> response(List<FetchedEntry> entries) {
        var response = FetchResponse.newBuilder();
        List<Payload> payloads = new ArrayList<>(entries.size());
        for (var entry : entries) {
            response.addPartitions(entry.partition);
            payloads.add(entry.batches);
        }
        return new Framed<>(response.build(), payloads);
    }

    @Override
    public void close() {
        batches.close();
    }
}
