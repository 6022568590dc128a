package io.weirlog.client;

import com.google.protobuf.ByteString;
import io.weirlog.v1.Batch;
import java.util.OptionalInt;

/// Where a consumer is in one partition. Pure; it outlives streams.
///
/// | What happens | `position` | `atEnd` |
/// |---|---|---|
/// | a record is returned | one past it | no |
/// | a batch message is used up | its `next_offset`, which may lie further: compaction leaves gaps | no |
/// | the end is told | that end: nothing lies between | yes |
/// | a seek | its target; batches sent before it no longer count | no |
/// | another stream | – | no |
final class PartitionReading {
    private final PartitionRef partition;
    private final ByteString topicId;
    private int assignment;
    private long position;
    private long seekId;
    private OptionalInt lastLeaderEpoch = OptionalInt.empty();
    /// Whether anything has shown that the broker found out where to begin.
    private boolean confirmed;
    private boolean startUnknown;
    private boolean paused;
    private boolean atEnd;
    /// Whether everything sent so far, and now wanted, was taken: then the end may be believed.
    private boolean inStep = true;
    private boolean unreadable;
    private int troubles;
    private long troubledSinceNanos;

    PartitionReading(PartitionRef partition, ByteString topicId, int assignment, long position) {
        this.partition = partition;
        this.topicId = topicId;
        this.assignment = assignment;
        this.position = position;
    }

    /// The same place, for another consumer to go on from.
    PartitionReading handedOver() {
        var copy = new PartitionReading(partition, topicId, assignment, position);
        copy.lastLeaderEpoch = lastLeaderEpoch;
        copy.confirmed = confirmed;
        copy.startUnknown = !confirmed;
        return copy;
    }

    /// The broker has found out where to begin.
    void located() {
        confirm();
    }

    /// Goes on from where another consumer has come to.
    void broughtBack(PartitionReading from) {
        lastLeaderEpoch = from.lastLeaderEpoch;
    }

    PartitionRef partition() {
        return partition;
    }

    ByteString topicId() {
        return topicId;
    }

    int assignment() {
        return assignment;
    }

    long position() {
        return position;
    }

    OptionalInt lastLeaderEpoch() {
        return lastLeaderEpoch;
    }

    boolean isPaused() {
        return paused;
    }

    boolean isAtEnd() {
        return atEnd;
    }

    /// Goes on over another stream, whose broker has called the partition so.
    void reassigned(int assignment) {
        this.assignment = assignment;
        seekId = 0;
        inStep = !paused;
        atEnd = false;
    }

    /// Whether a batch continues what was read so far.
    boolean accepts(Batch batch) {
        return !paused && !unreadable && batch.getSeekId() == seekId && batch.getNextOffset() > position;
    }

    void began() {
        confirm();
        inStep = true;
        atEnd = false;
        troubles = 0;
    }

    void returned(long offset, OptionalInt leaderEpoch) {
        position = offset + 1;
        lastLeaderEpoch = leaderEpoch;
    }

    void finished(long nextOffset) {
        position = Math.max(position, nextOffset);
    }

    /// The broker says that everything below `nextOffset` was sent: what was not, is no record of anybody. It does not
    /// count if something sent before was thrown away, or may have been, as after a seek.
    void endTold(long nextOffset) {
        if (!unreadable && (nextOffset == position || (nextOffset > position && inStep))) {
            confirm();
            position = nextOffset;
            atEnd = true;
            troubles = 0;
        }
    }

    void sought(long target, long seekId) {
        confirm();
        position = target;
        this.seekId = seekId;
        inStep = false;
        lastLeaderEpoch = OptionalInt.empty();
        atEnd = false;
        unreadable = false;
        troubles = 0;
    }

    /// Whether the position was changed since this stream assigned it.
    boolean hasSought() {
        return seekId != 0;
    }

    void pause() {
        paused = true;
        inStep = false;
    }

    /// A batch was thrown away.
    void discarded() {
        inStep = false;
    }

    /// What was sent before the pause was thrown away: `seekId` marks what is sent from now on.
    void resume(long seekId) {
        paused = false;
        this.seekId = seekId;
        inStep = false;
        atEnd = false;
    }

    /// Bytes at this position are damaged: nothing is taken until a seek.
    void unreadable() {
        unreadable = true;
        inStep = false;
    }

    /// Counts the passing troubles since the last batch. In trouble before anything else, the broker may not even know
    /// where to begin, and [#position] means nothing.
    int troubled(long nowNanos) {
        startUnknown = !confirmed;
        if (troubles == 0) {
            troubledSinceNanos = nowNanos;
        }
        return ++troubles;
    }

    /// Whether only the options say where to begin.
    boolean isStartUnknown() {
        return startUnknown;
    }

    /// Whether it is known where reading is.
    boolean isLocated() {
        return confirmed;
    }

    private void confirm() {
        confirmed = true;
        startUnknown = false;
    }

    /// For how long it has been in trouble, as of the last one.
    long troubledNanos(long nowNanos) {
        return troubles == 0 ? 0 : nowNanos - troubledSinceNanos;
    }

    /// Begins to count anew.
    void complained() {
        troubles = 0;
    }
}
