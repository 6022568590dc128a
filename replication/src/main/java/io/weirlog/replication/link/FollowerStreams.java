package io.weirlog.replication.link;

import io.weirlog.common.BrokerId;
import io.weirlog.replication.core.ReplicationStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/// The streams to all brokers that follow what this one leads: one for each, the newest.
public final class FollowerStreams implements AutoCloseable {
    private final FollowerStream.Leaders leaders;
    private final ReplicationStream.Limits limits;
    private final Executor executor;
    private final Map<BrokerId, FollowerStream> streams = new ConcurrentHashMap<>();
    private int first;

    public FollowerStreams(FollowerStream.Leaders leaders, ReplicationStream.Limits limits, Executor executor) {
        this.leaders = leaders;
        this.limits = limits;
        this.executor = executor;
    }

    /// Takes a stream that a follower's broker has opened. One that it had before is closed: the broker has come again
    /// because that one is dead.
    public FollowerStream accept(BrokerId follower, Outbound<ToFollower> outbound) {
        var stream = new FollowerStream(follower, leaders, outbound, limits, executor);
        var former = streams.put(follower, stream);
        if (former != null) {
            former.close("broker " + follower + " has opened another stream");
        }
        return stream;
    }

    /// To be called when a stream has ended.
    public void ended(FollowerStream stream) {
        streams.remove(stream.follower(), stream);
        stream.ended();
    }

    /// Lets throttled partitions send what they may by now; the streams come first in turn. To be called some twenty
    /// times a second.
    public void allow(ReassignmentThrottle throttle) {
        var all = List.copyOf(streams.values());
        first = all.isEmpty() ? 0 : (first + 1) % all.size();
        for (int i = 0; i < all.size(); i++) {
            all.get((first + i) % all.size()).allow(throttle);
        }
    }

    /// Lets silent streams say that they live. To be called about twice a second.
    public void tick() {
        streams.values().forEach(FollowerStream::tick);
    }

    /// What each follower's broker may still be sent.
    public Map<BrokerId, Long> creditBytes() {
        var credit = new HashMap<BrokerId, Long>();
        streams.forEach(
                (follower, stream) -> credit.put(follower, Math.max(0, limits.windowBytes() - stream.underWayBytes())));
        return credit;
    }

    @Override
    public void close() {
        streams.values().forEach(stream -> stream.close("this broker stops"));
        streams.clear();
    }
}
