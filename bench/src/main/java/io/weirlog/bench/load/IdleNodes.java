package io.weirlog.bench.load;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// What nodes need that have many replicas and nothing to do.
///
/// @param cpuPercent of one core, each node
/// @param liveHeapMebibytes after a full collection, each node
/// @param residentMebibytes each node
record IdleNodes(double cpuPercent, double liveHeapMebibytes, double residentMebibytes) {
    private static final int TOPIC_PARTITIONS = 1_000;
    private static final double MEBIBYTE = 1 << 20;

    /// @param replicas of each node
    static IdleNodes measure(Contender contender, int replicas, Duration settle, Duration watched) throws Exception {
        var nodes = contender.nodes();
        for (var left = replicas; left > 0; left -= TOPIC_PARTITIONS) {
            contender.createTopic("idle-" + left, Math.min(left, TOPIC_PARTITIONS), nodes.count());
        }
        TimeUnit.NANOSECONDS.sleep(settle.toNanos());
        var before = nodes.cpu();
        TimeUnit.NANOSECONDS.sleep(watched.toNanos());
        var cpu = nodes.cpu().minus(before);
        var resident = 0L;
        var live = 0L;
        for (var id = 1; id <= nodes.count(); id++) {
            resident += nodes.process(id).residentBytes();
            live += nodes.process(id).liveHeapBytes();
        }
        return new IdleNodes(
                100.0 * cpu.toNanos() / watched.toNanos() / nodes.count(),
                live / MEBIBYTE / nodes.count(),
                resident / MEBIBYTE / nodes.count());
    }
}
