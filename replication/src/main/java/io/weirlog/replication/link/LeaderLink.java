package io.weirlog.replication.link;

import io.weirlog.common.BrokerId;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.core.FollowerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The stream to one broker that leads partitions which this broker follows.
///
/// ```
/// state      event                                   next
/// idle       a partition comes                       connected: a stream that cannot be had ends at once
/// connected  the stream ends, or is silent too long  waiting
///            the last partition goes                 idle
/// waiting    tick, and the pause is over             connected
///            the last partition goes                 idle
/// ```
///
/// The pause doubles with each failure in a row, up to a bound, less a random part, so that the followers of a broker
/// that comes back do not all come at once.
///
/// All of it happens in the outbox, one thing after the other.
public final class LeaderLink {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderLink.class);

    private final BrokerId leader;
    private final ReplicaTransport transport;
    private final Timing timing;
    private final Outbox<Step> outbox;
    /// Changed in the outbox only; looked into by the transport's threads too.
    private final Map<TopicPartition, User> users = new ConcurrentHashMap<>();

    private @Nullable Connection connection;
    private int failures;
    private long nextAttemptMillis;

    /// A partition that follows over the link. Calls come one at a time and must not block.
    public interface User {
        void connected();

        void disconnected();

        /// @param done to be run once the message is dealt with: gives its memory and its credit back
        void received(FromLeader message, Runnable done);
    }

    /// @param silenceMillisMax a stream that is silent for longer is given up
    /// @param pauseMillisMin before the first new attempt
    /// @param pauseMillisMax before any
    public record Timing(long silenceMillisMax, long pauseMillisMin, long pauseMillisMax) {
        public static final Timing DEFAULT = new Timing(3_000, 50, 1_000);
    }

    private sealed interface Step {
        record Task(Runnable run) implements Step {}

        record Say(ToLeader message) implements Step {}

        /// Credit counts for the stream that the bytes came on, and for no other.
        record GiveBack(Connection connection, long bytes) implements Step {}
    }

    /// One stream.
    private final class Connection implements ReplicaTransport.Listener {
        private @Nullable Outbound<ToLeader> outbound;
        private volatile boolean heard;

        @Override
        public void received(FromLeader message) {
            heard = true;
            var user = users.get(message.partition());
            if (user == null) {
                done(message);
            } else {
                user.received(message, () -> done(message));
            }
        }

        private void done(FromLeader message) {
            message.release().run();
            if (message.bytes() > 0) {
                outbox.put(this, new Step.GiveBack(this, message.bytes()), LeaderLink::sum);
            }
        }

        @Override
        public void heartbeat() {
            heard = true;
        }

        @Override
        public void ended(String why) {
            outbox.put(new Step.Task(() -> lost(this, why)));
        }
    }

    private long heardMillis;

    LeaderLink(BrokerId leader, ReplicaTransport transport, Timing timing, Executor executor) {
        this.leader = leader;
        this.transport = transport;
        this.timing = timing;
        this.outbox = new Outbox<>(executor, this::run);
    }

    private static Step sum(Step former, Step latter) {
        var both = (Step.GiveBack) former;
        return new Step.GiveBack(both.connection(), both.bytes() + ((Step.GiveBack) latter).bytes());
    }

    // By any thread.

    /// Lets a partition follow over this link from now on. It is told when there is a stream.
    public void attach(TopicPartition partition, User user, long nowMillis) {
        outbox.put(new Step.Task(() -> {
            users.put(partition, user);
            if (connection != null) {
                user.connected();
            } else if (users.size() == 1 || nowMillis >= nextAttemptMillis) {
                connect(nowMillis);
            }
        }));
    }

    /// The user hears no more once this has come about; what has reached it meanwhile it has to tell by the session.
    public void detach(TopicPartition partition, User user) {
        outbox.put(new Step.Task(() -> {
            if (users.remove(partition, user) && users.isEmpty()) {
                drop("nobody follows over it any more");
            }
        }));
    }

    public void say(TopicPartition partition, FollowerMessage message) {
        var step = new Step.Say(new ToLeader.Say(partition, message));
        if (message instanceof FollowerMessage.Ack ack) {
            outbox.put(List.of(partition, ack.session()), step, (former, latter) -> latter);
        } else {
            outbox.put(step);
        }
    }

    /// @param nowMillis monotonic
    void tick(long nowMillis) {
        outbox.put(LeaderLink.class, new Step.Task(() -> onTick(nowMillis)), (former, latter) -> latter);
    }

    void close() {
        outbox.put(new Step.Task(() -> {
            users.clear();
            drop("this broker stops");
        }));
    }

    // In the outbox.

    private void run(List<Step> steps) {
        var batch = new ArrayList<ToLeader>();
        for (var step : steps) {
            switch (step) {
                case Step.Task(var task) -> {
                    flush(batch);
                    guarded(task);
                }
                case Step.Say(var message) -> batch.add(message);
                case Step.GiveBack(var from, var bytes) -> {
                    if (from.equals(connection)) {
                        batch.add(new ToLeader.Credit(bytes));
                    }
                }
            }
        }
        flush(batch);
    }

    /// What one partition makes of its news must not end the link for all.
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("the link to broker {} failed at a task", leader, e);
        }
    }

    private void flush(List<ToLeader> batch) {
        if (!batch.isEmpty() && connection != null && connection.outbound != null) {
            connection.outbound.send(List.copyOf(batch));
        }
        batch.clear();
    }

    private void connect(long nowMillis) {
        var opened = new Connection();
        connection = opened;
        heardMillis = nowMillis;
        opened.outbound = transport.connect(leader, opened);
        users.values().forEach(User::connected);
    }

    private void lost(Connection ended, String why) {
        if (!ended.equals(connection)) {
            return; // Given up before.
        }
        LOG.info("the stream to leader broker {} ended: {}", leader, why);
        connection = null;
        failures = ended.heard ? 1 : failures + 1;
        var pause = Math.min(timing.pauseMillisMin() << Math.min(failures - 1, 16), timing.pauseMillisMax());
        nextAttemptMillis =
                heardMillis + pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
        users.values().forEach(User::disconnected);
    }

    private void drop(String why) {
        var open = connection;
        if (open != null) {
            connection = null;
            if (open.outbound != null) {
                open.outbound.close(why);
            }
            users.values().forEach(User::disconnected);
        }
    }

    private void onTick(long nowMillis) {
        var open = connection;
        if (open == null) {
            heardMillis = nowMillis;
            if (!users.isEmpty() && nowMillis >= nextAttemptMillis) {
                connect(nowMillis);
            }
        } else if (open.heard) {
            open.heard = false;
            failures = 0;
            heardMillis = nowMillis;
        } else if (nowMillis - heardMillis > timing.silenceMillisMax()) {
            if (open.outbound != null) {
                open.outbound.close("the leader was silent for " + (nowMillis - heardMillis) + " ms");
            }
            lost(open, "it was silent for " + (nowMillis - heardMillis) + " ms");
        }
    }
}
