package io.weirlog.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// What moving records took.
///
/// @param clientCpu processor time of this process
/// @param serverCpu processor time of the node's process
record Measured(long records, long bytes, Duration wall, Duration clientCpu, Duration serverCpu) {
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

    double serverCpuSecondsPerMillion() {
        return seconds(serverCpu) / records * 1e6;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /// A stopwatch for wall and processor time on both sides.
    static final class Watch {
        private final ServerProcess server;
        private final long beganNanos = System.nanoTime();
        private final Duration clientBefore = clientCpu();
        private final Duration serverBefore;

        Watch(ServerProcess server) {
            this.server = server;
            this.serverBefore = server.cpu();
        }

        Measured stop(long records, long bytes) {
            return new Measured(
                    records,
                    bytes,
                    Duration.ofNanos(System.nanoTime() - beganNanos),
                    clientCpu().minus(clientBefore),
                    server.cpu().minus(serverBefore));
        }

        private static Duration clientCpu() {
            var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            return Duration.ofNanos(system.getProcessCpuTime());
        }
    }
}
