package io.weirlog.server.consume;

import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogSlice;
import io.weirlog.server.SlicePayload;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.ConsumedRecordList;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.RecordForm;
import io.weirlog.wire.Payload;
import io.weirlog.wire.ReceivedPayload;
import java.util.List;
import java.util.OptionalInt;

/// Reads for one fetch from the partitions that this broker holds, as they are now.
final class FetchReader {
    private static final int RECORDS_MAX = 100_000;

    private final TopicLookup topics;
    private final PartitionReader reader;
    private final FetchRequest request;

    FetchReader(TopicLookup topics, PartitionReader reader, FetchRequest request) {
        this.topics = topics;
        this.reader = reader;
        this.request = request;
    }

    boolean wantsRecords() {
        return request.getForm() != RecordForm.RECORD_FORM_BATCHES;
    }

    FetchedEntry read(FetchPartition wanted, long bytesLeft) {
        var entry = FetchedPartition.newBuilder().setTopic(wanted.getTopic()).setPartition(wanted.getPartition());
        var payload = read(wanted, entry, bytesLeft);
        return new FetchedEntry(entry.build(), payload);
    }

    private Payload read(FetchPartition wanted, FetchedPartition.Builder entry, long bytesLeft) {
        switch (topics.find(wanted.getTopic(), wanted.getTopicId(), OptionalInt.of(wanted.getPartition()))) {
            case TopicLookup.Found.Nothing(var problem) -> {
                entry.setProblem(problem);
                return Payload.NONE;
            }
            case TopicLookup.Found.Topic(var topic) -> {
                var id = new TopicPartition(topic.id(), wanted.getPartition());
                topics.leader(id).ifPresent(entry::setLeader);
                new PreferredReplicas(topics).in(request.getRack(), id).ifPresent(entry::setPreferredReplica);
                if (bytesLeft <= 0) {
                    entry.setNextOffset(wanted.getOffset());
                    return Payload.NONE;
                }
                return read(id, wanted, entry, bytesLeft);
            }
        }
    }

    private Payload read(TopicPartition id, FetchPartition wanted, FetchedPartition.Builder entry, long bytesLeft) {
        var lastEpoch = wanted.hasLastLeaderEpoch() ? OptionalInt.of(wanted.getLastLeaderEpoch()) : OptionalInt.empty();
        var maxBytes = wanted.getMaxBytes() > 0 ? Math.min(wanted.getMaxBytes(), bytesLeft) : bytesLeft;
        var read = new PartitionReader.Wanted(
                wanted.getTopic(),
                id,
                wanted.getOffset(),
                lastEpoch,
                !request.getRack().isEmpty());
        switch (reader.read(read, (int) Math.min(maxBytes, Integer.MAX_VALUE))) {
            case PartitionReader.Outcome.Failed(var problem) -> {
                entry.setProblem(problem);
                return Payload.NONE;
            }
            case PartitionReader.Outcome.Data(var slice, var logStart, var highWatermark) -> {
                entry.setLogStartOffset(logStart.value())
                        .setHighWatermark(highWatermark.value())
                        .setLastStableOffset(highWatermark.value())
                        .setNextOffset(
                                Math.max(wanted.getOffset(), slice.nextOffset().value()));
                if (!wantsRecords()) {
                    return new SlicePayload(slice);
                }
                try (slice) {
                    if (slice.length() > 0) {
                        decode(id, wanted.getOffset(), entry, slice);
                    }
                    return Payload.NONE;
                }
            }
        }
    }

    private void decode(TopicPartition id, long firstOffset, FetchedPartition.Builder entry, LogSlice slice) {
        put(reader.decode(id, slice, firstOffset, RECORDS_MAX), entry);
    }

    /// The entry of another broker, which came in the encoded form, as this request wants it.
    FetchedEntry inWantedForm(FetchPartition wanted, FetchedEntry entry) {
        var id = topics.image()
                .topic(wanted.getTopic())
                .map(topic -> new TopicPartition(topic.id(), wanted.getPartition()));
        if (!wantsRecords()
                || id.isEmpty()
                || entry.batches().isEmpty()
                || !(entry.batches() instanceof ReceivedPayload batches)) {
            return entry;
        }
        try (entry) {
            var decoded = entry.partition().toBuilder();
            put(reader.decode(id.get(), batches, wanted.getOffset(), RECORDS_MAX), decoded);
            return new FetchedEntry(decoded.build(), Payload.NONE);
        }
    }

    private static void put(PartitionReader.Decoded decoded, FetchedPartition.Builder entry) {
        switch (decoded) {
            case PartitionReader.Decoded.Failed(var problem) -> entry.setProblem(problem);
            case PartitionReader.Decoded.Records(var records) -> {
                entry.setRecords(ConsumedRecordList.newBuilder().addAllRecords(records));
                if (records.size() == RECORDS_MAX) {
                    entry.setNextOffset(records.getLast().getOffset() + 1);
                }
            }
        }
    }

    /// What was read, in the order of the request, within the bytes that one answer may have: what comes too late is
    /// left for the next fetch.
    static void fit(FetchRequest request, List<FetchedEntry> entries, long bytesMax) {
        long bytes = 0;
        for (int i = 0; i < entries.size(); i++) {
            var entry = entries.get(i);
            if (bytes > 0 && bytes + entry.sizeBytes() > bytesMax) {
                entry.close();
                var later = entry.partition().toBuilder()
                        .clearRecords()
                        .setNextOffset(request.getPartitions(i).getOffset());
                entries.set(i, new FetchedEntry(later.build(), Payload.NONE));
            } else {
                bytes += entry.sizeBytes();
            }
        }
    }
}
