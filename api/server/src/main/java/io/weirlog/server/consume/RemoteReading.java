package io.weirlog.server.consume;

import io.weirlog.common.BrokerId;
import io.weirlog.record.BatchFormat;
import io.weirlog.record.RecordBatch;
import io.weirlog.v1.Problem;
import io.weirlog.wire.ReceivedPayload;
import java.util.ArrayDeque;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// What the leader of a cursor's partition has sent of it, in order, until it is delivered. Used on the stream's
/// sequential executor only.
final class RemoteReading {
    final Cursor cursor;
    private final ConsumeLink link;
    private final ArrayDeque<Arrival> arrivals = new ArrayDeque<>();
    /// By what the leader calls it; 0 until it has told.
    private int assignment;

    private boolean left;

    /// One message of the leader.
    sealed interface Arrival {
        /// @param batches owned by the reading
        record Batches(ReceivedPayload batches, long nextOffset, long highWatermark) implements Arrival {}

        record End(long nextOffset) implements Arrival {}

        record Trouble(Problem problem) implements Arrival {}
    }

    RemoteReading(Cursor cursor, ConsumeLink link) {
        this.cursor = cursor;
        this.link = link;
    }

    boolean hasArrived() {
        return !arrivals.isEmpty();
    }

    BrokerId leader() {
        return link.leader();
    }

    boolean hasLeft() {
        return left;
    }

    void assigned(int number) {
        assignment = number;
    }

    int assignment() {
        return assignment;
    }

    void add(Arrival arrival) {
        arrivals.add(arrival);
    }

    @Nullable
    Arrival first() {
        return arrivals.peek();
    }

    /// The first arrival is done with; its memory is given back, and the leader may send as much again.
    void done() {
        if (arrivals.poll() instanceof Arrival.Batches batches) {
            link.delivered(batches.batches().length());
            batches.batches().close();
        }
    }

    /// Nothing of it is wanted any more.
    void leave() {
        if (!left) {
            left = true;
            link.leave(this);
            while (hasArrived()) {
                done();
            }
        }
    }

    /// The leader epoch of the last of these batches; empty if they do not look like batches.
    static OptionalInt lastEpoch(ReceivedPayload batches) {
        var bytes = batches.buffer();
        var epoch = OptionalInt.empty();
        var at = bytes.position();
        while (bytes.limit() - at >= BatchFormat.HEADER_BYTES) {
            var batch = RecordBatch.at(bytes, at);
            if (batch.sizeBytes() < BatchFormat.HEADER_BYTES || batch.leaderEpoch() < 0) {
                return OptionalInt.empty();
            }
            epoch = OptionalInt.of(batch.leaderEpoch());
            at += batch.sizeBytes();
        }
        return epoch;
    }
}
