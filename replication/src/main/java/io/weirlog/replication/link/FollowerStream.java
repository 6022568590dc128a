package io.weirlog.replication.link;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogSlice;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.core.ReplicationStream;
import io.weirlog.replication.core.StreamSession;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The leader's end of the stream to one follower's broker.
///
/// Partitions hand in what they have to say, and how far their logs reach; the stream reads the logs and sends, as much
/// as the follower has given credit for and in turn between the partitions ([ReplicationStream]). A follower that does
/// not take what it gets delays only itself.
public final class FollowerStream {
    private static final Logger LOG = LoggerFactory.getLogger(FollowerStream.class);

    private final BrokerId follower;
    private final Leaders leaders;
    private final Outbound<ToFollower> outbound;
    private final Outbox<Step> outbox;
    private final ReplicationStream flow;
    private final List<ToFollower> batch = new ArrayList<>();
    private boolean spoke;
    private volatile boolean ended;
    private volatile boolean awaitsAllowance;
    private volatile long underWayBytes;

    /// The partitions that this broker leads. Calls must not block.
    public interface Leaders {
        /// A follower has said something; false if this broker does not have the partition.
        boolean said(FollowerStream stream, TopicPartition partition, FollowerMessage message);

        /// The follower's broker is gone from this stream: its partitions are not followed over it any more.
        void gone(FollowerStream stream);

        /// The follower's broker broke the rules of the stream, which is closed for it.
        void violated(FollowerStream stream);

        /// Reads whole batches for a follower, up to the log's end; empty if this broker does not lead the partition or
        /// its log no longer has the offset.
        Optional<Read> read(TopicPartition partition, Offset from, int bytesMax) throws IOException;
    }

    /// @param slice to be closed by whoever gets it
    public record Read(LogSlice slice, LeaderMessage.Progress progress) {}

    private sealed interface Step {
        record Say(TopicPartition partition, LeaderMessage message) implements Step {}

        record Flow(ReplicationStream.Event event) implements Step {}

        record Task(Runnable run) implements Step {}
    }

    FollowerStream(
            BrokerId follower,
            Leaders leaders,
            Outbound<ToFollower> outbound,
            ReplicationStream.Limits limits,
            Executor executor) {
        this.follower = follower;
        this.leaders = leaders;
        this.outbound = outbound;
        this.flow = new ReplicationStream(limits);
        this.outbox = new Outbox<>(executor, this::run);
    }

    public BrokerId follower() {
        return follower;
    }

    long underWayBytes() {
        return underWayBytes;
    }

    // What comes from the follower, by the transport.

    public void received(ToLeader message) {
        switch (message) {
            case ToLeader.Credit(var bytes) -> outbox.put(new Step.Flow(new ReplicationStream.Event.Credit(bytes)));
            case ToLeader.Say(var partition, var said) -> {
                if (!leaders.said(this, partition, said) && said instanceof FollowerMessage.Open open) {
                    answer(
                            partition,
                            new LeaderMessage.Refused(
                                    open.session(),
                                    LeaderMessage.Reason.NOT_LEADER,
                                    "this broker has no such partition"));
                }
            }
        }
    }

    /// The stream has ended; nothing is sent any more.
    public void ended() {
        if (!ended) {
            ended = true;
            leaders.gone(this);
        }
    }

    // What partitions have for the follower, by any thread.

    public void answer(TopicPartition partition, LeaderMessage message) {
        var step = new Step.Say(partition, message);
        if (message instanceof LeaderMessage.Moved moved) {
            outbox.put(List.of(partition, moved.session()), step, (former, latter) -> latter);
        } else {
            outbox.put(step);
        }
    }

    /// @param throttled whether the follower's replica is only being added
    public void startSending(
            TopicPartition partition, StreamSession session, Offset from, Offset end, boolean throttled) {
        throttle(partition, throttled);
        outbox.put(new Step.Flow(new ReplicationStream.Event.Start(partition, session, from, end)));
    }

    /// From now on the partition's traffic is that of a reassignment, or is not.
    public void throttle(TopicPartition partition, boolean throttled) {
        outbox.put(new Step.Flow(new ReplicationStream.Event.Throttled(partition, throttled)));
    }

    public void stopSending(TopicPartition partition) {
        outbox.put(new Step.Flow(new ReplicationStream.Event.Stop(partition)));
    }

    /// A partition's log reaches up to there now.
    public void offer(TopicPartition partition, Offset end) {
        outbox.put(
                partition,
                new Step.Flow(new ReplicationStream.Event.Offer(partition, end)),
                (former, latter) -> latter);
    }

    /// Lets throttled partitions send what they may by now.
    void allow(ReassignmentThrottle throttle) {
        if (awaitsAllowance) {
            outbox.put(
                    ReassignmentThrottle.class,
                    new Step.Task(() -> {
                        if (flow.awaitsAllowance()) {
                            flow(new ReplicationStream.Event.Allowed(throttle.take()));
                        }
                    }),
                    (former, latter) -> latter);
        }
    }

    /// Says that the stream lives, if nothing else was said since the last call.
    void tick() {
        outbox.put(
                FollowerStream.class,
                new Step.Task(() -> {
                    if (!spoke) {
                        batch.add(new ToFollower.Heartbeat());
                    }
                    flush();
                    spoke = false;
                }),
                (former, latter) -> latter);
    }

    /// Ends the stream from this side.
    public void close(String why) {
        outbox.put(new Step.Task(() -> {
            outbound.close(why);
            ended();
        }));
    }

    // In the outbox.

    private void run(List<Step> steps) {
        if (ended) {
            return;
        }
        try {
            for (var step : steps) {
                switch (step) {
                    case Step.Say(var partition, var message) -> batch.add(new ToFollower.Say(partition, message));
                    case Step.Flow(var event) -> flow(event);
                    case Step.Task(var task) -> task.run();
                }
            }
            flush();
            awaitsAllowance = flow.awaitsAllowance();
            underWayBytes = flow.underWayBytes();
        } catch (RuntimeException e) {
            LOG.error("the stream to follower broker {} failed", follower, e);
            batch.clear();
            outbound.close("the leader's broker failed: see its log");
            ended();
        }
    }

    private void flow(ReplicationStream.Event first) {
        var events = new ArrayDeque<ReplicationStream.Event>();
        events.add(first);
        for (var event = events.poll(); event != null; event = events.poll()) {
            for (var effect : flow.step(event)) {
                switch (effect) {
                    case ReplicationStream.Effect.Send send -> events.add(send(send));
                    case ReplicationStream.Effect.Violation(var message) -> {
                        LOG.warn("follower broker {}: {}", follower, message);
                        leaders.violated(this);
                        outbound.close(message);
                        ended();
                        return;
                    }
                }
            }
        }
    }

    private ReplicationStream.Event.Sent send(ReplicationStream.Effect.Send send) {
        Optional<Read> found;
        try {
            found = leaders.read(send.partition(), send.from(), send.bytesMax());
        } catch (IOException e) {
            LOG.error("{} cannot be read for its follower {}", send.partition(), follower, e);
            found = Optional.empty();
        }
        if (found.isEmpty() || found.get().slice().isEmpty()) {
            found.ifPresent(read -> read.slice().close());
            // The follower asks again, and is then told where to begin.
            batch.add(new ToFollower.Say(
                    send.partition(),
                    new LeaderMessage.Refused(
                            send.session(), LeaderMessage.Reason.OUT_OF_RANGE, "cannot be read from " + send.from())));
            return new ReplicationStream.Event.Sent(send.partition(), new StreamSession(0), send.from(), 0);
        }
        var slice = found.get().slice();
        var bytes = slice.length();
        var next = slice.nextOffset();
        batch.add(new ToFollower.Log(
                send.partition(), send.session(), slice, found.get().progress()));
        return new ReplicationStream.Event.Sent(send.partition(), send.session(), next, bytes);
    }

    private void flush() {
        if (!batch.isEmpty()) {
            spoke = true;
            outbound.send(List.copyOf(batch));
            batch.clear();
        }
    }
}
