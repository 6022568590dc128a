package io.weirlog.server.consume;

import io.grpc.stub.ServerCallStreamObserver;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogSlice;
import io.weirlog.replication.Partitions;
import io.weirlog.server.SlicePayload;
import io.weirlog.server.TopicLookup;
import io.weirlog.v1.ConsumedRecordList;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.RecordForm;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One Fetch: reads all its partitions at once, and where that is less than the reader wants, waits for more and reads
/// again. Everything happens on one sequential executor.
final class FetchCall {
    private static final int RECORDS_MAX = 100_000;

    private final TopicLookup topics;
    private final Partitions partitions;
    private final PartitionReader reader;
    private final FetchRequest request;
    private final ServerCallStreamObserver<Framed<FetchResponse>> response;
    private final Executor sequential;
    private final int bytesMax;
    private final List<Partitions.Watch> watches = new ArrayList<>();
    private @Nullable ScheduledFuture<?> timer;
    private boolean answered;
    private boolean timedOut;

    FetchCall(
            TopicLookup topics,
            Partitions partitions,
            PartitionReader reader,
            FetchRequest request,
            ServerCallStreamObserver<Framed<FetchResponse>> response,
            Executor sequential,
            int bytesMax) {
        this.topics = topics;
        this.partitions = partitions;
        this.reader = reader;
        this.request = request;
        this.response = response;
        this.sequential = sequential;
        this.bytesMax = bytesMax;
    }

    /// @param waitMillisMax how long to wait for `min_bytes`
    void begin(ScheduledExecutorService timers, long waitMillisMax) {
        response.setOnCancelHandler(() -> sequential.execute(this::finish));
        if (request.getMinBytes() > 0 && waitMillisMax > 0) {
            timer = timers.schedule(
                    () -> sequential.execute(() -> {
                        timedOut = true;
                        attempt();
                    }),
                    waitMillisMax,
                    TimeUnit.MILLISECONDS);
        } else {
            timedOut = true;
        }
        sequential.execute(this::attempt);
    }

    private void attempt() {
        if (answered) {
            return;
        }
        closeWatches();
        var fetched = FetchResponse.newBuilder();
        List<Payload> payloads = new ArrayList<>();
        List<Waiting> waiting = new ArrayList<>();
        var bytes = 0;
        var problem = false;
        for (var wanted : request.getPartitionsList()) {
            var entry =
                    FetchedPartition.newBuilder().setTopic(wanted.getTopic()).setPartition(wanted.getPartition());
            var payload = read(wanted, entry, bytesMax - bytes, waiting);
            bytes += payload.length() + entry.getRecords().getSerializedSize();
            problem |= entry.hasProblem();
            payloads.add(payload);
            fetched.addPartitions(entry);
        }
        if (timedOut || problem || bytes >= Math.min(request.getMinBytes(), bytesMax)) {
            answer(new Framed<>(fetched.build(), payloads));
        } else {
            payloads.forEach(Payload::close);
            waiting.forEach(each -> watches.add(partitions.watch(each.id, each.at, this::wake)));
        }
    }

    private record Waiting(TopicPartition id, Offset at) {}

    /// Fills in the entry; returns the encoded form's bytes, if that is the form.
    private Payload read(FetchPartition wanted, FetchedPartition.Builder entry, int bytesLeft, List<Waiting> waiting) {
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
                return read(id, wanted, entry, bytesLeft, waiting);
            }
        }
    }

    private Payload read(
            TopicPartition id,
            FetchPartition wanted,
            FetchedPartition.Builder entry,
            int bytesLeft,
            List<Waiting> waiting) {
        var lastEpoch = wanted.hasLastLeaderEpoch() ? OptionalInt.of(wanted.getLastLeaderEpoch()) : OptionalInt.empty();
        var maxBytes = wanted.getMaxBytes() > 0 ? Math.min(wanted.getMaxBytes(), bytesLeft) : bytesLeft;
        var read = new PartitionReader.Wanted(
                wanted.getTopic(),
                id,
                wanted.getOffset(),
                lastEpoch,
                !request.getRack().isEmpty());
        switch (reader.read(read, maxBytes)) {
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
                waiting.add(new Waiting(id, highWatermark));
                if (request.getForm() == RecordForm.RECORD_FORM_BATCHES) {
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
        switch (reader.decode(id, slice, firstOffset, RECORDS_MAX)) {
            case PartitionReader.Decoded.Failed(var problem) -> entry.setProblem(problem);
            case PartitionReader.Decoded.Records(var records) -> {
                entry.setRecords(ConsumedRecordList.newBuilder().addAllRecords(records));
                if (records.size() == RECORDS_MAX) {
                    entry.setNextOffset(records.getLast().getOffset() + 1);
                }
            }
        }
    }

    private void wake() {
        sequential.execute(this::attempt);
    }

    private void answer(Framed<FetchResponse> framed) {
        finish();
        try {
            response.onNext(framed);
            response.onCompleted();
        } finally {
            framed.close();
        }
    }

    private void finish() {
        answered = true;
        closeWatches();
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void closeWatches() {
        watches.forEach(Partitions.Watch::close);
        watches.clear();
    }

    /// What is wrong with a request as a whole, in words; empty if nothing is.
    static Optional<String> mistake(FetchRequest request) {
        String message = null;
        if (request.getPartitionsCount() == 0) {
            message = "the request names no partitions";
        } else if (request.getPartitionsCount() > 10_000) {
            message = "a request takes at most 10000 partitions";
        } else if (request.getMinBytes() < 0 || request.getMaxBytes() < 0) {
            message = "`min_bytes` and `max_bytes` must not be negative";
        } else if (request.getMaxWait().getSeconds() < 0 || request.getMaxWait().getNanos() < 0) {
            message = "`max_wait` must not be negative";
        }
        return Optional.ofNullable(message);
    }

    static long waitMillis(FetchRequest request) {
        return Math.min(
                60_000,
                request.getMaxWait().getSeconds() * 1000 + request.getMaxWait().getNanos() / 1_000_000);
    }
}
