package io.weirlog.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One partition's batches: those being filled and waiting, guarded by this object's lock, and those sent, which only
/// the sender touches. The lock is where the threads that send records meet the sender; nothing slow happens under it.
final class PartitionLane {
    private static final int INITIAL_BYTES_MIN = 1024;

    private final PartitionRef partition;
    private final ProducerOptions options;
    private final Consumer<ProducerBatch> onBegan;
    private final SendWindow<ProducerBatch> window;

    private final Deque<ProducerBatch> waiting = new ArrayDeque<>();
    private int lastBatchBytes = INITIAL_BYTES_MIN;
    private int lastBatchRecords;
    private boolean active;
    private boolean ended;

    // The sender's alone.
    private long retryAtNanos = System.nanoTime();
    private @Nullable ProduceStream stream;

    /// @param onBegan told of each new batch before the sender can see it
    PartitionLane(PartitionRef partition, ProducerOptions options, Consumer<ProducerBatch> onBegan) {
        this.partition = partition;
        this.options = options;
        this.onBegan = onBegan;
        this.window = options.isIdempotent()
                ? new SequencedWindow<>(options.maxInFlightPerPartition(), ProducerBatch::recordCount)
                : new OrderedWindow<>(options.maxInFlightPerPartition());
    }

    PartitionRef partition() {
        return partition;
    }

    /// What came of offering a record.
    ///
    /// @param taken false: nothing happened, since a new batch would be needed, or the lane has ended
    /// @param began whether the record began a batch
    /// @param activated whether the sender does not know yet that there is something to do here
    /// @param shut a batch that is full now; the caller must encode it
    record Offer(
            boolean taken,
            boolean began,
            boolean activated,
            @Nullable ProducerBatch shut) {
        private static final Offer NOT_TAKEN = new Offer(false, false, false, null);
        private static final Offer JOINED = new Offer(true, false, false, null);
    }

    /// @param mayBegin whether the record may begin a new batch
    synchronized Offer offer(
            ProducerRecord record, long recordBytes, SendCallback callback, int batchBytesMax, boolean mayBegin) {
        var tail = waiting.peekLast();
        var joins = tail != null && tail.isOpen() && tail.fits(recordBytes, batchBytesMax);
        if (ended || (!joins && !mayBegin)) {
            return Offer.NOT_TAKEN;
        }
        var timestampMillis = record.timestampMillis().orElseGet(System::currentTimeMillis);
        if (tail != null && joins) {
            tail.add(record, timestampMillis, recordBytes, callback);
            return tail.estimatedBytes() < batchBytesMax ? Offer.JOINED : new Offer(true, false, false, shut(tail));
        }
        var shut = tail != null && tail.isOpen() ? shut(tail) : null;
        var initialBytes =
                (int) Math.min(Integer.MAX_VALUE - 8, Math.max(lastBatchBytes, recordBytes + INITIAL_BYTES_MIN));
        var batch =
                new ProducerBatch(partition, System.nanoTime(), options.compression(), initialBytes, lastBatchRecords);
        batch.add(record, timestampMillis, recordBytes, callback);
        onBegan.accept(batch);
        waiting.addLast(batch);
        var activated = !active;
        active = true;
        return new Offer(true, true, activated, shut);
    }

    private ProducerBatch shut(ProducerBatch batch) {
        batch.shut();
        // The next batch of the partition will likely be as large: then nothing in it grows.
        lastBatchRecords = batch.recordCount() + batch.recordCount() / 16;
        lastBatchBytes = Math.max(INITIAL_BYTES_MIN, batch.estimatedBytes() + batch.estimatedBytes() / 16);
        return batch;
    }

    /// The oldest waiting batch, if it is full or has lingered long enough, or `hurry`; the caller must encode it if
    /// that is not done yet.
    synchronized Optional<ProducerBatch> takeSendable(long nowNanos, boolean hurry) {
        var head = waiting.peekFirst();
        if (head == null || (head.isOpen() ? !hurry && lingersNanos(head, nowNanos) > 0 : !head.isEncoded())) {
            return Optional.empty();
        }
        if (head.isOpen()) {
            shut(head);
        }
        return Optional.of(waiting.removeFirst());
    }

    /// How long until [#takeSendable] gives something; empty if that depends on others.
    synchronized OptionalLong sendableInNanos(long nowNanos) {
        var head = waiting.peekFirst();
        return head == null || !head.isOpen()
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(0, lingersNanos(head, nowNanos)));
    }

    private long lingersNanos(ProducerBatch batch, long nowNanos) {
        return batch.createdNanos() + options.linger().toNanos() - nowNanos;
    }

    /// Takes out what has waited past the delivery timeout.
    synchronized List<ProducerBatch> takeExpired(long nowNanos) {
        var expired = new ArrayList<ProducerBatch>();
        for (var head = waiting.peekFirst();
                head != null
                        && nowNanos - head.createdNanos()
                                >= options.deliveryTimeout().toNanos();
                head = waiting.peekFirst()) {
            head.shut();
            expired.add(waiting.removeFirst());
        }
        return expired;
    }

    /// Takes out everything that waits.
    synchronized List<ProducerBatch> takeAll() {
        waiting.forEach(ProducerBatch::shut);
        var all = List.copyOf(waiting);
        waiting.clear();
        return all;
    }

    /// Takes out everything and takes nothing any more.
    synchronized List<ProducerBatch> end() {
        ended = true;
        return takeAll();
    }

    /// True if there is nothing to do for the sender until [#offer] says `activated` again.
    synchronized boolean deactivate() {
        if (waiting.isEmpty() && window.isEmpty()) {
            active = false;
        }
        return !active;
    }

    SendWindow<ProducerBatch> window() {
        return window;
    }

    /// Where the batches in the window went; new ones must follow them there as long as any is on its way.
    Optional<ProduceStream> stream() {
        return Optional.ofNullable(stream);
    }

    void stream(ProduceStream stream) {
        this.stream = stream;
    }

    /// How long until refused batches may be sent again; 0 if they may now.
    long retryInNanos(long nowNanos) {
        return Math.max(0, retryAtNanos - nowNanos);
    }

    void retryAt(long nanos) {
        retryAtNanos = nanos;
    }
}
