package io.weirlog.client;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// What was handed over and is not done: the lanes of all partitions and the memory that they share. Thread-safe; it
/// is where the threads that send records meet the sender.
final class RecordAccumulator {
    private final ProducerOptions options;
    private final BufferMemory memory;
    private final ConcurrentMap<PartitionRef, PartitionLane> lanes = new ConcurrentHashMap<>();
    /// Lanes that have become active since the sender last looked; each is in here at most once.
    private final Queue<PartitionLane> activated = new ConcurrentLinkedQueue<>();
    private final Set<ProducerBatch> incomplete = ConcurrentHashMap.newKeySet();
    private volatile int batchBytesMax;
    private volatile boolean ended;

    RecordAccumulator(ProducerOptions options) {
        this.options = options;
        this.memory = new BufferMemory(options.bufferBytes());
        this.batchBytesMax = options.batchBytes();
    }

    BufferMemory memory() {
        return memory;
    }

    /// What came of adding a record.
    enum Added {
        /// Taken; the sender need not know.
        JOINED,
        /// Taken, and the sender should look.
        WAKE,
        /// Not taken: a new batch would be needed.
        NEEDS_BATCH,
        /// Not taken: the producer is closed.
        ENDED
    }

    /// Adds a record whose memory is reserved.
    ///
    /// @param mayBegin whether the record may begin a new batch
    Added add(PartitionRef partition, ProducerRecord record, long bytes, SendCallback callback, boolean mayBegin) {
        if (ended) {
            return Added.ENDED;
        }
        var lane = lanes.get(partition);
        if (lane == null) {
            lane = lanes.computeIfAbsent(partition, ref -> new PartitionLane(ref, options, incomplete::add));
        }
        // A lane made after the end is not ended, but then this sees that the accumulator is.
        var offer = lane.offer(record, bytes, callback, batchBytesMax, mayBegin && !ended);
        if (!offer.taken()) {
            return ended ? Added.ENDED : Added.NEEDS_BATCH;
        }
        if (offer.shut() != null) {
            offer.shut().encode();
        }
        if (offer.activated()) {
            activated.add(lane);
        }
        return offer.began() || offer.shut() != null ? Added.WAKE : Added.JOINED;
    }

    @Nullable
    PartitionLane pollActivated() {
        return activated.poll();
    }

    /// The lane of a partition that records were added for.
    PartitionLane lane(PartitionRef partition) {
        return Objects.requireNonNull(lanes.get(partition), "no lane");
    }

    /// Says that the batch is done: its callbacks are told, its memory is free.
    void completed(ProducerBatch batch) {
        if (incomplete.remove(batch)) {
            memory.release(batch.reservedBytes());
        }
    }

    /// The batches that are not done right now.
    List<ProducerBatch> incomplete() {
        return List.copyOf(incomplete);
    }

    boolean isEmpty() {
        return incomplete.isEmpty();
    }

    /// Makes batches no larger than a broker takes.
    void limitBatchBytes(int bytesMax) {
        batchBytesMax = Math.min(batchBytesMax, bytesMax);
    }

    int batchBytesMax() {
        return batchBytesMax;
    }

    /// Takes no record any more; returns all lanes, whose waiting batches the caller must fail.
    Collection<PartitionLane> end() {
        ended = true;
        return lanes.values();
    }
}
