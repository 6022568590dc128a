package io.weirlog.server.group.core;

import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// What a seed chooses: the cluster, the group, and which faults come how often (a swarm: each run has some kinds only,
/// so
/// that none hides another).
record GroupSimPlan(
        int brokers,
        int quorum,
        int members,
        boolean statics,
        AssignorKind assignor,
        Set<Fault> faults,
        int faultEveryMillis,
        int sessionMillis,
        int rebalanceMillis,
        int retentionMillis,
        int horizonMillis) {
    /// Who lets go in time is not fenced: a member hears of a revocation within a heartbeat interval, takes its time to
    /// stop, and may have a heartbeat waiting when it is done. With less, members fence each other in turn for
    /// ever.
    private static final int REBALANCE_MILLIS_MIN = 2_700;

    enum Fault {
        ELECTION,
        BROKER_PAUSE,
        APPEND_LOST,
        APPEND_UNKNOWN,
        MESSAGE_LOST,
        MESSAGE_TWICE,
        MEMBER_CRASH,
        MEMBER_PAUSE,
        MEMBER_RESTART,
        MEMBER_LEAVES,
        NEVER_ACKNOWLEDGES,
        TOPICS_CHANGE,
        STALE_METADATA,
        CLOCK_STEP,
        ALL_LEAVE
    }

    static GroupSimPlan of(Random random) {
        var brokers = 2 + random.nextInt(2);
        var faults = EnumSet.noneOf(Fault.class);
        var density = 1 + random.nextInt(3);
        for (var fault : Fault.values()) {
            if (random.nextInt(density + 1) == 0) {
                faults.add(fault);
            }
        }
        return new GroupSimPlan(
                brokers,
                brokers == 2 || random.nextInt(4) == 0 ? brokers : 2,
                2 + random.nextInt(3),
                random.nextBoolean(),
                List.of(AssignorKind.values()).get(random.nextInt(3)),
                faults,
                500 + random.nextInt(2_500),
                2_000 + random.nextInt(3_000),
                REBALANCE_MILLIS_MIN + random.nextInt(1_800),
                random.nextBoolean() ? 2_000 + random.nextInt(5_000) : 1_000_000,
                10_000 + random.nextInt(15_000));
    }

    /// Whether the run is long enough for offsets to expire, or seems so.
    boolean mayExpire() {
        return retentionMillis < horizonMillis || has(Fault.CLOCK_STEP);
    }

    boolean has(Fault fault) {
        return faults.contains(fault);
    }
}
