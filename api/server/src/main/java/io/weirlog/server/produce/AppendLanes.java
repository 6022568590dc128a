package io.weirlog.server.produce;

import io.weirlog.common.TopicPartition;
import io.weirlog.server.relay.Relay;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The lanes of one stream, one for each partition that it has written to. Used by one thread at a time.
final class AppendLanes implements AppendRoute {
    private final LocalAppends local;
    private final AppendPaths paths;
    private final Relay relay;
    private final Map<TopicPartition, AppendLane> lanes = new HashMap<>();

    AppendLanes(LocalAppends local, AppendPaths paths, Relay relay) {
        this.local = local;
        this.paths = paths;
        this.relay = relay;
    }

    @Override
    public void append(PartitionAppend append) {
        if (append.leaderOnly()) {
            var lane = lanes.get(append.id());
            if (lane == null || lane.isIdle()) {
                local.append(append);
            } else {
                lane.append(append);
            }
        } else {
            lanes.computeIfAbsent(append.id(), _ -> new AppendLane(paths)).append(append);
        }
    }

    /// On another thread: results of what is given up here are told to the stream, which may be in its monitor.
    @Override
    public void close() {
        var open = List.copyOf(lanes.values());
        relay.execute(() -> {
            open.forEach(AppendLane::close);
            paths.close();
        });
    }
}
