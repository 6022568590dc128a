package io.weirlog.server.produce;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.BatchLimits;
import io.weirlog.log.BatchValidator;
import io.weirlog.log.BatchVerdict;
import io.weirlog.log.LogConfig;
import io.weirlog.log.TimestampBounds;
import io.weirlog.metadata.TopicImage;
import io.weirlog.record.Compression;
import io.weirlog.record.RecordBatch;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.InternalTopics;
import io.weirlog.server.RecordCodec;
import io.weirlog.server.RequestMemory;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.TopicSettings;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.AppendResult;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.v1.RecordList;
import io.weirlog.wire.Payload;
import io.weirlog.wire.Problems;
import io.weirlog.wire.ReceivedPayload;
import java.net.SocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Checks what a client wants appended, encodes it if need be, and hands it to its partitions.
final class Appender {
    private static final long DEFAULT_TIMEOUT_NANOS = 30_000_000_000L;
    private static final long TIMEOUT_SECONDS_MAX = 3600;

    private final TopicLookup topics;
    private final TopicSettings settings;
    private final RequestMemory memory;
    private final Supplier<Optional<SocketAddress>> peer;
    private final ReplicationClock clock;
    private final PartitionChooser chooser = new PartitionChooser();

    /// One batch that is ready for its partition.
    ///
    /// @param recordIndexes which records of the request it has; empty for all
    private record Ready(int partition, ReceivedPayload batch, int recordCount, List<Integer> recordIndexes) {}

    /// @param peer for whom the call that is being served takes memory; empty: for nobody
    Appender(
            TopicLookup topics,
            TopicSettings settings,
            RequestMemory memory,
            Supplier<Optional<SocketAddress>> peer,
            ReplicationClock clock) {
        this.topics = topics;
        this.settings = settings;
        this.memory = memory;
        this.peer = peer;
        this.clock = clock;
    }

    /// Appends and tells each partition's result to `results`, possibly on other threads.
    ///
    /// @param route how the batches come to their partitions
    /// @return the number of results that follow; or, if nothing is appended at all, what is wrong
    Submitted submit(AppendOrder order, AppendRoute route, Consumer<AppendResult> results) {
        var sizeBytes = order.sizeBytes();
        var taker = peer.get();
        var full = noRoom(memory.tryAcquire(taker, sizeBytes));
        if (full.isPresent()) {
            order.close();
            return new Submitted.Refused(full.get());
        }
        var prepared = prepare(order);
        switch (prepared) {
            case Prepared.Refused(var problem) -> {
                order.close();
                memory.release(taker, sizeBytes);
                return new Submitted.Refused(problem);
            }
            case Prepared.Batches(var topic, var batches) -> {
                // Memory is given back in one piece when the last partition has answered.
                var share = new MemoryShare(memory, taker, sizeBytes, batches.size());
                var deadlineNanos = clock.nanoTime() + timeoutNanos(order.timeout());
                for (var ready : batches) {
                    route.append(ready(order, topic, ready, deadlineNanos, result -> {
                        share.release();
                        results.accept(result);
                    }));
                }
                return new Submitted.Expect(batches.size());
            }
        }
    }

    private static Optional<Problem> noRoom(RequestMemory.Room room) {
        return switch (room) {
            case TAKEN -> Optional.empty();
            case NODE_FULL -> Optional.of(ServerProblems.overloaded("memory for requests (request.memory.bytes)"));
            case ADDRESS_FULL ->
                Optional.of(ServerProblems.overloaded(
                        "memory for requests from one address (request.memory.percent.per.address)"));
        };
    }

    /// What [#submit] came to.
    sealed interface Submitted {
        record Expect(int results) implements Submitted {}

        record Refused(Problem problem) implements Submitted {}
    }

    private sealed interface Prepared {
        record Batches(TopicImage topic, List<Ready> batches) implements Prepared {}

        record Refused(Problem problem) implements Prepared {}
    }

    private static PartitionAppend ready(
            AppendOrder order, TopicImage topic, Ready ready, long deadlineNanos, Consumer<AppendResult> results) {
        return new PartitionAppend(
                topic.name(),
                new TopicPartition(topic.id(), ready.partition),
                ready.batch,
                ready.recordCount,
                order.acks(),
                order.expectedBaseOffset().isPresent()
                        ? Optional.of(new Offset(order.expectedBaseOffset().getAsLong()))
                        : Optional.empty(),
                deadlineNanos,
                Routes.leaderOnly(order.routing()),
                result -> results.accept(withIndexes(result, ready.recordIndexes)));
    }

    private static AppendResult withIndexes(AppendResult answer, List<Integer> recordIndexes) {
        return recordIndexes.isEmpty()
                ? answer
                : answer.toBuilder().addAllRecordIndexes(recordIndexes).build();
    }

    private Prepared prepare(AppendOrder order) {
        var mistake = mistake(order);
        if (mistake.isPresent()) {
            return new Prepared.Refused(mistake.get());
        }
        return switch (topics.find(order.topic(), order.topicId(), order.partition())) {
            case TopicLookup.Found.Nothing(var problem) -> new Prepared.Refused(problem);
            case TopicLookup.Found.Topic(var topic) ->
                order.batch().isPresent()
                        ? validate(topic, order.partition(), order.batch().get())
                        : encode(order, topic, order.records().orElseThrow());
        };
    }

    /// What is wrong with the order whatever its topic is.
    private static Optional<Problem> mistake(AppendOrder order) {
        var batchForm = order.batch().isPresent();
        String message = null;
        if (InternalTopics.isInternal(order.topic())) {
            return Optional.of(ServerProblems.internalTopic(order.topic()));
        } else if (!batchForm && order.records().isEmpty()) {
            message = "the request carries neither `records` nor a `batch`";
        } else if (batchForm && order.records().isPresent()) {
            message = "the request carries both `records` and a `batch`: choose one";
        } else if (batchForm && order.partition().isEmpty()) {
            message = "an encoded batch needs a `partition`: only plain records can be distributed by the broker";
        } else if (!batchForm && order.records().orElseThrow().getRecordsCount() == 0) {
            message = "`records` has no records";
        } else if (order.expectedBaseOffset().isPresent() && order.partition().isEmpty()) {
            message = "`expected_base_offset` needs a `partition`";
        } else if (order.expectedBaseOffset().isPresent()
                && order.expectedBaseOffset().getAsLong() < 0) {
            message = "`expected_base_offset` is negative";
        } else if (order.timeout().getSeconds() < 0 || order.timeout().getSeconds() > TIMEOUT_SECONDS_MAX) {
            message = "`timeout` must be between 0 and " + TIMEOUT_SECONDS_MAX + " s";
        } else if (order.producer().isPresent() && batchForm) {
            message = "an encoded batch carries its producer's numbers itself: leave `producer` out of the request";
        } else if (order.producer().isPresent() && order.partition().isEmpty()) {
            message = "`producer` needs a `partition`: each partition has a sequence of its own, and records that the"
                    + " broker distributes have none";
        } else if (order.producer().isPresent()) {
            message = Sequence.mistake(order.producer().get()).orElse(null);
        }
        return Optional.ofNullable(message).map(ServerProblems::invalidRequest);
    }

    private Prepared validate(TopicImage topic, OptionalInt partition, ReceivedPayload batch) {
        var config = settings.of(topic).logConfig();
        var bounds = TimestampBounds.of(config, clock.wallMillis());
        return switch (BatchValidator.validate(batch.buffer(), config.batchLimits(), bounds)) {
            case BatchVerdict.Invalid invalid -> new Prepared.Refused(ServerProblems.invalidBatch(invalid));
            case BatchVerdict.Valid valid ->
                RecordBatch.of(batch.buffer()).isTransactional()
                        ? new Prepared.Refused(ServerProblems.unsupported(
                                "this version has no transactions: encode batches without the transactional bit"))
                        : new Prepared.Batches(
                                topic,
                                List.of(new Ready(partition.orElseThrow(), batch, valid.recordCount(), List.of())));
        };
    }

    private Prepared encode(AppendOrder order, TopicImage topic, RecordList records) {
        var compression = RecordCodec.compression(order.compression())
                .or(() -> settings.of(topic).compression())
                .orElse(Compression.NONE);
        var config = settings.of(topic).logConfig();
        List<Ready> batches = new ArrayList<>();
        for (var share : shares(order, topic, records).entrySet()) {
            var builder = new RecordBatchBuilder(compression, 1024);
            order.producer().map(Sequence::of).ifPresent(sequence -> sequence.stamp(builder));
            var problem = encodeShare(records, share, builder, config, batches);
            if (problem.isPresent()) {
                return new Prepared.Refused(problem.get());
            }
        }
        return new Prepared.Batches(topic, batches);
    }

    /// Which records go where; an empty list stands for all of them.
    private SortedMap<Integer, List<Integer>> shares(AppendOrder order, TopicImage topic, RecordList records) {
        if (order.partition().isPresent()) {
            return new TreeMap<>(Map.of(order.partition().getAsInt(), List.of()));
        }
        var shares = chooser.choose(records, topic.partitions().size());
        return shares.size() == 1 ? new TreeMap<>(Map.of(shares.firstKey(), List.of())) : shares;
    }

    private Optional<Problem> encodeShare(
            RecordList records,
            Map.Entry<Integer, List<Integer>> share,
            RecordBatchBuilder builder,
            LogConfig config,
            List<Ready> batches) {
        var indexes = share.getValue();
        var count = indexes.isEmpty() ? records.getRecordsCount() : indexes.size();
        var limits = config.batchLimits();
        var nowMillis = clock.wallMillis();
        var bounds = TimestampBounds.of(config, nowMillis);
        for (var i = 0; i < count; i++) {
            var record = records.getRecords(indexes.isEmpty() ? i : indexes.get(i));
            var bytes = RecordCodec.encodedBytesMax(record);
            if (bytes > limits.batchBytesMax()) {
                return Optional.of(tooLarge(ErrorReason.ERROR_REASON_RECORD_TOO_LARGE, "a record", bytes, limits));
            }
            if (record.hasTimestamp() && !bounds.admit(RecordCodec.millis(record.getTimestamp()))) {
                return Optional.of(wrongTime(record.getTimestamp()));
            }
            if (limits.keysRequired() && !record.hasKey()) {
                return Optional.of(keyMissing());
            }
            RecordCodec.append(builder, record, nowMillis);
        }
        var batch = builder.build();
        if (batch.remaining() > limits.batchBytesMax()) {
            return Optional.of(tooLarge(
                    ErrorReason.ERROR_REASON_BATCH_TOO_LARGE, "the request's batch", batch.remaining(), limits));
        }
        batches.add(new Ready(share.getKey(), Payload.of(batch), count, indexes));
        return Optional.empty();
    }

    private static Problem tooLarge(ErrorReason reason, String what, long bytes, BatchLimits limits) {
        return Problems.problem(
                Status.Code.INVALID_ARGUMENT,
                reason,
                what + " has " + bytes + " bytes, the topic takes " + limits.batchBytesMax()
                        + ": send less at once, or raise max.message.bytes",
                Map.of("size_bytes", Long.toString(bytes), "max_bytes", Integer.toString(limits.batchBytesMax())));
    }

    private static Problem wrongTime(Timestamp timestamp) {
        return Problems.problem(
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_TIMESTAMP,
                "a record has the time " + Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos())
                        + ", farther from now than message.timestamp.before.max.ms or after.max.ms allow");
    }

    private static Problem keyMissing() {
        return Problems.problem(
                Status.Code.INVALID_ARGUMENT,
                ErrorReason.ERROR_REASON_INVALID_RECORD,
                "a record has no key, and the topic is compacted by key (cleanup.policy)");
    }

    private static long timeoutNanos(Duration timeout) {
        var nanos = timeout.getSeconds() * 1_000_000_000L + timeout.getNanos();
        return nanos == 0 ? DEFAULT_TIMEOUT_NANOS : nanos;
    }
}
