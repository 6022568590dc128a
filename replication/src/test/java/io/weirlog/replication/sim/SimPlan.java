package io.weirlog.replication.sim;

import io.weirlog.common.Durability;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;

/// What a seed chooses: the cluster, and which faults come how often (a swarm: each run has some kinds only, so that
/// none hides another).
record SimPlan(
        int nodes,
        int partitions,
        int replicas,
        int inSyncMin,
        Durability durability,
        boolean unclean,
        Set<Fault> faults,
        long faultEveryMicros,
        long calmMicros,
        long sessionMillis,
        long lagMillis,
        int syncMicros,
        int appendEveryMicros,
        int inFlightMax) {
    enum Fault {
        /// The process dies; what the kernel has stays.
        KILL,
        /// The power of one node goes.
        LOSSY_CRASH,
        /// The power of all goes at once.
        LOSSY_CRASH_OF_ALL,
        /// At some boundary of the next disk operations.
        CRASH_IN_OPERATION,
        PAUSE,
        ISOLATE,
        ONE_WAY,
        CONTROLLER_UNREACHABLE,
        CONNECTION_RESET,
        SLOW_NETWORK,
        SLOW_DISK,
        FAILING_DISK,
        CLEAN_RESTART,
        LOST_PROPOSALS,
        CONTROLLER_CHANGE,
        SLOW_METADATA,
        RETENTION,
        FLAPPING,
        /// A node comes back with empty disks.
        WIPE,
        CLOCK_STEP,
        /// Replicas move, or a move is called off.
        REASSIGN
    }

    static SimPlan of(Random random) {
        var nodes = 3 + random.nextInt(3);
        var replicas = Math.min(nodes, 2 + random.nextInt(nodes == 3 ? 2 : 3));
        var faults = EnumSet.noneOf(Fault.class);
        var density = 2 + random.nextInt(4);
        for (var fault : Fault.values()) {
            if (random.nextInt(density) == 0) {
                faults.add(fault);
            }
        }
        return new SimPlan(
                nodes,
                1 + random.nextInt(2),
                replicas,
                1 + random.nextInt(Math.min(2, replicas)),
                random.nextInt(5) < 2 ? Durability.FSYNC : Durability.PAGE_CACHE,
                random.nextInt(8) == 0,
                faults,
                100_000L + random.nextInt(1_500_000),
                (10 + random.nextInt(15)) * 1_000_000L,
                500 + random.nextInt(1500),
                300 + random.nextInt(1500),
                200 + random.nextInt(3000),
                20_000 + random.nextInt(200_000),
                random.nextInt(4) == 0 ? 2 + random.nextInt(4) : 1);
    }
}
