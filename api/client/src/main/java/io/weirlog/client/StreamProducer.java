package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.record.RecordBatchBuilder;
import io.weirlog.v1.AppendOutcome;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The producer that sends encoded batches over streams: chooses partitions, waits for room, and leaves the
/// rest to the [Sender].
final class StreamProducer implements Producer {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    private final ProducerOptions options;
    private final MetadataCache metadata;
    private final RecordAccumulator accumulator;
    private final Sender sender;
    private final Interceptors interceptors;
    private final PartitionChoice choice;
    private final StickyPartitions sticky =
            new StickyPartitions(count -> ThreadLocalRandom.current().nextInt(count));
    private final Consumer<Producer> onClosed;
    private final AtomicInteger flushes = new AtomicInteger();
    private final AtomicBoolean closing = new AtomicBoolean();

    StreamProducer(
            ProducerOptions options, MetadataCache metadata, Connections connections, Consumer<Producer> onClosed) {
        this.options = options;
        this.metadata = metadata;
        this.accumulator = new RecordAccumulator(options);
        this.sender = new Sender(options, accumulator, metadata, connections);
        this.interceptors = new Interceptors(options.interceptors());
        this.choice = new PartitionChoice(options.partitioner());
        this.onClosed = onClosed;
        sender.start();
    }

    @Override
    public CompletableFuture<Acknowledgement> send(ProducerRecord record) {
        var future = new SendFuture();
        send(record, future);
        return future;
    }

    @Override
    public void send(ProducerRecord record, SendCallback callback) {
        if (closing.get()) {
            throw closed();
        }
        var sent = interceptors.onSend(record);
        var told = interceptors.before(callback, sent);
        try {
            if (!hand(sent, told)) {
                interceptors.failed(sent, notAppended(Completions.closed(), null));
                throw closed();
            }
        } catch (WeirlogException e) {
            told.onFailed(notAppended(e.problem(), e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var problem = Problems.problem(
                    Status.Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "interrupted while waiting to send");
            told.onFailed(notAppended(problem, null));
        }
    }

    private static WeirlogException notAppended(Problem problem, @Nullable Throwable cause) {
        return WeirlogException.append(problem, AppendOutcome.APPEND_OUTCOME_NOT_APPENDED, cause);
    }

    /// False if the producer was closed meanwhile.
    private boolean hand(ProducerRecord record, SendCallback callback) throws InterruptedException {
        var topic = topic(record);
        var partition = choice.of(record, topic);
        var bytes = bytes(record);
        // A callback that waited here would wait for itself: its own thread frees the memory.
        var maxBlockNanos = sender.isSenderThread() ? 0 : options.maxBlock().toNanos();
        if (!accumulator.memory().reserve(bytes, maxBlockNanos)) {
            throw bufferIsFull();
        }
        var added = RecordAccumulator.Added.ENDED;
        try {
            added = add(record, topic, partition, bytes, callback);
        } finally {
            if (added == RecordAccumulator.Added.ENDED) {
                accumulator.memory().release(bytes);
            }
        }
        if (added == RecordAccumulator.Added.WAKE) {
            sender.wake();
        }
        return added != RecordAccumulator.Added.ENDED;
    }

    /// @param partition empty: any
    private RecordAccumulator.Added add(
            ProducerRecord record, TopicMetadata topic, OptionalInt partition, long bytes, SendCallback callback) {
        if (partition.isPresent()) {
            return accumulator.add(topic.ref(partition.getAsInt()), record, bytes, callback, true);
        }
        var current = sticky.current(topic);
        var joined = accumulator.add(topic.ref(current), record, bytes, callback, false);
        return joined == RecordAccumulator.Added.NEEDS_BATCH
                ? accumulator.add(topic.ref(sticky.next(topic, current)), record, bytes, callback, true)
                : joined;
    }

    private TopicMetadata topic(ProducerRecord record) throws InterruptedException {
        var topic = metadata.topic(record.topic(), options.maxBlock());
        // A partition that is not known may have been added since.
        return record.partition().orElse(0) < topic.partitionCount()
                ? topic
                : metadata.fresh(record.topic(), options.maxBlock());
    }

    private long bytes(ProducerRecord record) {
        var key = record.key();
        var value = record.value();
        var bytes = RecordBatchBuilder.recordBytesMax(
                key == null ? 0 : key.length,
                value == null ? 0 : value.length,
                RecordBatchBuilder.headerBytesMax(record.headers()));
        if (bytes > options.bufferBytes()) {
            throw WeirlogException.of(Problems.problem(
                    Status.Code.INVALID_ARGUMENT,
                    ErrorReason.ERROR_REASON_RECORD_TOO_LARGE,
                    "a record of " + bytes + " bytes does not fit into the producer's buffer of "
                            + options.bufferBytes() + ": make it smaller or bufferBytes larger",
                    Map.of(
                            "size_bytes", Long.toString(bytes),
                            "max_bytes", Long.toString(options.bufferBytes()))));
        }
        return bytes;
    }

    private WeirlogException bufferIsFull() {
        return WeirlogException.of(Problems.problem(
                Status.Code.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_OVERLOADED,
                "the producer's buffer of " + options.bufferBytes() + " bytes was full for "
                        + options.maxBlock().toMillis()
                        + " ms: the brokers take less than is sent; send slower or make bufferBytes larger",
                Map.of("limit", "bufferBytes")));
    }

    @Override
    public void flush(Duration timeout) {
        if (sender.isSenderThread()) {
            throw new IllegalStateException("flush() from a callback would wait for itself");
        }
        flushes.incrementAndGet();
        sender.hurry(true);
        try {
            var pending =
                    accumulator.incomplete().stream().map(ProducerBatch::done).toArray(CompletableFuture<?>[]::new);
            CompletableFuture.allOf(pending).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw WeirlogException.of(notFlushed(timeout));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw WeirlogException.of(notFlushed(timeout));
        } catch (ExecutionException e) {
            throw new IllegalStateException("a batch's end never fails", e);
        } finally {
            if (flushes.decrementAndGet() == 0) {
                sender.hurry(false);
            }
        }
    }

    private static Problem notFlushed(Duration timeout) {
        return Problems.problem(
                Status.Code.DEADLINE_EXCEEDED,
                ErrorReason.ERROR_REASON_TIMED_OUT,
                "some records were not done after " + timeout.toMillis() + " ms; they go on being sent",
                Map.of("timeout_millis", Long.toString(timeout.toMillis())));
    }

    @Override
    public void close(Duration timeout) {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        try {
            if (!sender.isSenderThread()) {
                flush(timeout);
            }
        } catch (WeirlogException e) {
            // What is not done by now fails, and its callbacks say so.
            sender.hurry(true);
        }
        try {
            sender.stop(STOP_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        onClosed.accept(this);
    }

    @Override
    public void close() {
        close(options.deliveryTimeout());
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the producer is closed");
    }

    /// A record's only object besides its acknowledgement.
    private static final class SendFuture extends CompletableFuture<Acknowledgement> implements SendCallback {
        @Override
        public void onAcknowledged(Acknowledgement acknowledgement) {
            complete(acknowledgement);
        }

        @Override
        public void onFailed(WeirlogException failure) {
            completeExceptionally(failure);
        }
    }
}
