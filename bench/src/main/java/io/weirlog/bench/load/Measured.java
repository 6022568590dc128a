package io.weirlog.bench.load;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.weirlog.bench.cluster.Nodes;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// What moving records took.
///
/// @param clientCpu processor time of this process
/// @param nodesCpu processor time of all nodes' processes
/// @param clientAllocatedBytes on the heap of this process
record Measured(
        long records, long bytes, Duration wall, Duration clientCpu, Duration nodesCpu, long clientAllocatedBytes) {
    double recordsPerSecond() {
        return records / seconds(wall);
    }

    /// Mebibytes of record values.
    double mebibytesPerSecond() {
        return bytes / seconds(wall) / (1 << 20);
    }

    double clientCpuSecondsPerMillion() {
        return seconds(clientCpu) / records * 1e6;
    }

    double nodesCpuSecondsPerMillion() {
        return seconds(nodesCpu) / records * 1e6;
    }

    double clientAllocatedBytesPerRecord() {
        return (double) clientAllocatedBytes / records;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /// A stopwatch for wall and processor time on both sides.
    static final class Watch {
        private final Nodes nodes;
        private final long beganNanos = System.nanoTime();
        private final Duration clientBefore = clientCpu();
        private final Duration nodesBefore;
        private final long allocatedBefore = allocatedBytes();

        Watch(Nodes nodes) {
            this.nodes = nodes;
            this.nodesBefore = nodes.cpu();
        }

        Measured stop(long records, long bytes) {
            return new Measured(
                    records,
                    bytes,
                    Duration.ofNanos(System.nanoTime() - beganNanos),
                    clientCpu().minus(clientBefore),
                    nodes.cpu().minus(nodesBefore),
                    allocatedBytes() - allocatedBefore);
        }

        private static long allocatedBytes() {
            return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
        }

        private static Duration clientCpu() {
            var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            return Duration.ofNanos(system.getProcessCpuTime());
        }
    }
}
