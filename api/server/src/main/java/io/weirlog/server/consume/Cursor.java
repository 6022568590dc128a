package io.weirlog.server.consume;

import io.weirlog.common.TopicPartition;
import io.weirlog.replication.Partitions;
import io.weirlog.v1.StartPosition;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// One partition of a consumer stream: where it reads, and why it does not if it does not.
final class Cursor {
    final int assignment;
    final String topic;
    final TopicPartition id;
    /// Whether the reader takes it from a follower, too.
    final boolean fromFollower;
    /// The offset to read next.
    long position;
    /// As the last batch that was sent told it.
    long highWatermark;
    /// Of the record before `position`, as far as it is known.
    OptionalInt lastEpoch;
    /// Where to begin, as long as that could not be found: then `position` means nothing yet.
    @Nullable
    StartPosition unresolvedStart;
    /// How often its start was looked up elsewhere: the latest lookup counts.
    int lookups;
    /// The last Seek that was done; 0 for none.
    long seekId;
    boolean paused;
    /// It met a problem, told to the client: a seek or a resume starts it again.
    boolean halted;
    /// Everything up to the watermark is sent, and the client has been told so.
    boolean endAnnounced;
    /// It stands in the delivery's queue.
    boolean queued;
    /// Its start is being looked up, or nobody leads the partition: it is tried again by itself.
    boolean resting;
    /// It is not the stream's any more.
    boolean removed;
    /// This broker's own replica could not serve the reader, though it follows in sync.
    boolean notFromHere;
    /// Woken when there is more than was sent.
    Partitions.@Nullable Watch watch;
    /// Another broker, which leads the partition, sends it.
    @Nullable
    RemoteReading remote;

    Cursor(int assignment, String topic, TopicPartition id, OptionalInt lastEpoch, boolean fromFollower) {
        this.assignment = assignment;
        this.topic = topic;
        this.id = id;
        this.lastEpoch = lastEpoch;
        this.fromFollower = fromFollower;
    }

    boolean wantsData() {
        return !removed && !paused && !halted && !resting && watch == null && (remote == null || remote.hasArrived());
    }

    /// Goes on from `newPosition`.
    void moveTo(long newPosition) {
        position = newPosition;
        lastEpoch = OptionalInt.empty();
        unresolvedStart = null;
        halted = false;
        endAnnounced = false;
        notFromHere = false;
        release();
    }

    void unwatch() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    /// Lets go of where it was read from: the next read looks anew.
    void release() {
        unwatch();
        if (remote != null) {
            remote.leave();
            remote = null;
        }
    }
}
