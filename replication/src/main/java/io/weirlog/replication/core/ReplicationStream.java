package io.weirlog.replication.core;

import io.weirlog.common.Invariant;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The sending side of a stream to one follower's broker: which partition sends next, and how much.
///
/// ```
/// event      effects
/// Start      Send, as below
/// Offer      Send, as below
/// Stop       none: what is being read for it is dropped by its session
/// Sent       Send, as below
/// Credit     Send, as below; Violation if it is more than is under way
/// Throttled  Send, as below
/// Allowed    Send, as below
///
/// Send, while less than the window is under way, to the partitions with something to send, in turn
/// ```
///
/// What was sent is under way until the follower gives its credit back, having appended it. So a follower that is slow
/// costs at most a window and one batch of memory, and one partition cannot starve the others: each sends a share, then
/// goes to the end of the queue. Nothing waits for acknowledgements.
///
/// A partition whose replica is only being added is throttled: it sends what is allowed, turn by turn with the others
/// and never before they had theirs. A share that turns out larger than what was allowed is made up for afterwards.
public final class ReplicationStream {
    /// @param windowBytes how much may be under way; a batch that is larger goes alone
    /// @param shareBytes how much a partition sends at a turn; a batch that is larger goes as a whole
    public record Limits(long windowBytes, int shareBytes) {
        public Limits {
            Invariant.check(
                    shareBytes > 0 && windowBytes >= shareBytes, "window %s, share %s", windowBytes, shareBytes);
        }
    }

    public sealed interface Event {
        /// Send a partition from there on, whatever was sent of it before.
        record Start(TopicPartition partition, StreamSession session, Offset from, Offset end) implements Event {}

        /// A partition's log reaches up to there now.
        record Offer(TopicPartition partition, Offset end) implements Event {}

        record Stop(TopicPartition partition) implements Event {}

        /// What a [Effect.Send] asked for was sent, up to there.
        record Sent(TopicPartition partition, StreamSession session, Offset next, int bytes) implements Event {}

        /// The follower has dealt with so many bytes.
        record Credit(long bytes) implements Event {}

        /// From now on the partition is one that sends only what is allowed, or is not.
        record Throttled(TopicPartition partition, boolean throttled) implements Event {}

        /// Throttled partitions may send so many bytes more, together.
        record Allowed(long bytes) implements Event {}
    }

    public sealed interface Effect {
        /// Read and send whole batches from there on, at most so many bytes but at least one batch; answered by
        /// [Event.Sent], with 0 bytes if the session has ended meanwhile.
        record Send(TopicPartition partition, StreamSession session, Offset from, int bytesMax) implements Effect {}

        /// The follower has given back more than it got: the stream is to be closed.
        record Violation(String message) implements Effect {}
    }

    private static final class Lane {
        final StreamSession session;
        Offset next;
        Offset end;
        /// In the queue, or being read: then it must not be queued again.
        boolean busy;

        Lane(StreamSession session, Offset next, Offset end) {
            this.session = session;
            this.next = next;
            this.end = end;
        }
    }

    private final Limits limits;
    private final Map<TopicPartition, Lane> lanes = new LinkedHashMap<>();
    private final ArrayDeque<TopicPartition> queue = new ArrayDeque<>();
    private final Set<TopicPartition> throttled = new HashSet<>();
    private final ArrayDeque<TopicPartition> throttledQueue = new ArrayDeque<>();
    /// Less than nothing once more was sent than was allowed.
    private long allowedBytes;
    private boolean throttledTurn;
    private long underWayBytes;
    /// Set aside for reads of which nobody knows yet what they find.
    private long reservedBytes;

    public ReplicationStream(Limits limits) {
        this.limits = limits;
    }

    public long underWayBytes() {
        return underWayBytes;
    }

    /// Whether a throttled partition has something to send and may not.
    public boolean awaitsAllowance() {
        return !throttledQueue.isEmpty() && allowedBytes <= 0;
    }

    public List<Effect> step(Event event) {
        var effects = new ArrayList<Effect>();
        switch (event) { // No default: a new event must not compile until it is handled.
            case Event.Start(var partition, var session, var from, var end) -> {
                lanes.put(partition, new Lane(session, from, end));
                dequeue(partition);
                enqueue(partition);
            }
            case Event.Offer(var partition, var end) -> onOffer(partition, end);
            case Event.Stop(var partition) -> {
                lanes.remove(partition);
                throttled.remove(partition);
                dequeue(partition);
            }
            case Event.Sent sent -> onSent(sent);
            case Event.Credit(var bytes) -> {
                if (bytes < 0 || bytes > underWayBytes) {
                    return List.of(new Effect.Violation(
                            "credit for " + bytes + " bytes, but " + underWayBytes + " are under way"));
                }
                underWayBytes -= bytes;
            }
            case Event.Throttled(var partition, var on) -> onThrottled(partition, on);
            case Event.Allowed(var bytes) -> allowedBytes += bytes;
        }
        send(effects);
        return effects;
    }

    private void onThrottled(TopicPartition partition, boolean on) {
        boolean changed = on ? throttled.add(partition) : throttled.remove(partition);
        if (changed && dequeue(partition)) {
            queue(partition).add(partition);
        }
    }

    private ArrayDeque<TopicPartition> queue(TopicPartition partition) {
        return throttled.contains(partition) ? throttledQueue : queue;
    }

    private boolean dequeue(TopicPartition partition) {
        return queue.remove(partition) || throttledQueue.remove(partition);
    }

    private void onOffer(TopicPartition partition, Offset end) {
        var lane = lanes.get(partition);
        if (lane != null && end.isAfter(lane.end)) {
            lane.end = end;
            enqueue(partition);
        }
    }

    private void onSent(Event.Sent sent) {
        reservedBytes -= limits.shareBytes();
        underWayBytes += sent.bytes();
        Invariant.check(reservedBytes >= 0, "more was sent than asked for: %s", reservedBytes);
        if (throttled.contains(sent.partition())) {
            allowedBytes += limits.shareBytes() - sent.bytes();
        }
        var lane = lanes.get(sent.partition());
        if (lane != null && lane.session.equals(sent.session())) {
            Invariant.check(!sent.next().isBefore(lane.next), "sent back to %s from %s", sent.next(), lane.next);
            lane.next = sent.next();
            lane.busy = false;
            enqueue(sent.partition());
        }
    }

    private void enqueue(TopicPartition partition) {
        var lane = lanes.get(partition);
        if (lane != null && !lane.busy && lane.next.isBefore(lane.end)) {
            lane.busy = true;
            queue(partition).add(partition);
        }
    }

    private void send(List<Effect> effects) {
        while (hasRoom()) {
            boolean mayThrottled = !throttledQueue.isEmpty() && allowedBytes > 0;
            if (queue.isEmpty() && !mayThrottled) {
                return;
            }
            boolean takeThrottled = mayThrottled && (throttledTurn || queue.isEmpty());
            throttledTurn = !takeThrottled;
            var partition = takeThrottled ? throttledQueue.remove() : queue.remove();
            var lane = lanes.get(partition);
            if (lane != null) {
                reservedBytes += limits.shareBytes();
                allowedBytes -= takeThrottled ? limits.shareBytes() : 0;
                effects.add(new Effect.Send(partition, lane.session, lane.next, limits.shareBytes()));
            }
        }
    }

    /// With nothing under way there is always room: else a batch larger than the window would wait for ever.
    private boolean hasRoom() {
        var taken = underWayBytes + reservedBytes;
        return taken == 0 || taken + limits.shareBytes() <= limits.windowBytes();
    }
}
