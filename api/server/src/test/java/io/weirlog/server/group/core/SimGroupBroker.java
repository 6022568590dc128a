package io.weirlog.server.group.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One broker of the simulation: its copy of the log of `__offsets`, and the coordinator when it leads.
///
/// Replication is the simplest that keeps what is committed: a batch is once a quorum holds it and the leader's own
/// first
/// batch, and the next leader has the newest log of enough brokers to meet every quorum.
final class SimGroupBroker {
    private final GroupSim sim;
    private final int id;
    private final long monotonicAheadMillis;
    private final List<SimBatch> log = new ArrayList<>();
    private final Map<Integer, Integer> ends = new HashMap<>();
    private Optional<SimCoordinator> coordinator = Optional.empty();
    private Topics view = Topics.NONE;
    private int knownEpoch;
    private int ledEpoch = -1;
    private int epochStart;
    private int watermark;
    private long pausedUntilMillis;

    SimGroupBroker(GroupSim sim, int id) {
        this.sim = sim;
        this.id = id;
        this.monotonicAheadMillis = sim.random().nextInt(1_000_000);
    }

    Now now() {
        var monotonic = sim.nowMillis() + monotonicAheadMillis;
        return new Now(monotonic, sim.wallMillis());
    }

    int knownEpoch() {
        return knownEpoch;
    }

    List<SimBatch> log() {
        return log;
    }

    boolean isPaused() {
        return pausedUntilMillis > sim.nowMillis();
    }

    void pause(long millis) {
        pausedUntilMillis = Math.max(pausedUntilMillis, sim.nowMillis() + millis);
    }

    /// Runs something in the broker, after it was paused if it is.
    void run(Runnable action) {
        if (isPaused()) {
            sim.queue().after(pausedUntilMillis - sim.nowMillis(), () -> run(action));
        } else {
            action.run();
        }
    }

    /// The metadata as they get here.
    void view(Topics newer) {
        view = newer;
        coordinator.ifPresent(one -> one.topicsChanged(newer));
    }

    Topics view() {
        return view;
    }

    /// How new the log is: by its last epoch, then by its length.
    long freshness() {
        return log.isEmpty() ? 0 : ((long) log.getLast().epoch() << 32) + log.size();
    }

    /// A leader of this epoch exists; whoever led before leads no more.
    void adopt(int epoch) {
        if (epoch > knownEpoch) {
            knownEpoch = epoch;
            coordinator.ifPresent(SimCoordinator::resign);
            if (!sim.switches().has(GroupBug.FOREIGN_RECORDS_COUNT)) {
                coordinator = Optional.empty();
            }
        }
    }

    void lead(int epoch) {
        adopt(epoch);
        ledEpoch = epoch;
        epochStart = log.size();
        ends.clear();
        log.add(new SimBatch(epoch, List.of()));
        begin();
        replicate();
    }

    /// Begins with a machine that knows no more than the log.
    void begin() {
        if (leads()) {
            coordinator.ifPresent(SimCoordinator::resign);
            coordinator = Optional.of(new SimCoordinator(sim, this, ledEpoch));
            coordinator.get().watermark(ledEpoch, watermark);
        }
    }

    boolean leads() {
        return ledEpoch == knownEpoch;
    }

    void append(List<GroupRecord> records) {
        log.add(new SimBatch(ledEpoch, records));
        replicate();
    }

    void replicate() {
        sim.brokers().forEach(this::replicateTo);
    }

    private void replicateTo(SimGroupBroker other) {
        if (other != this) {
            var epoch = ledEpoch;
            sim.deliver(other, () -> other.follow(this, epoch));
        }
    }

    private boolean isBehind(SimGroupBroker other) {
        return other.knownEpoch != ledEpoch
                || other.watermark < watermark
                || ends.getOrDefault(other.id, -1) < log.size();
    }

    private void follow(SimGroupBroker leader, int epoch) {
        if (epoch < knownEpoch || leader.ledEpoch != epoch || leader.knownEpoch != epoch) {
            return;
        }
        adopt(epoch);
        var same = Math.min(log.size(), leader.log.size());
        while (same > 0 && log.get(same - 1) != leader.log.get(same - 1)) {
            same--;
        }
        log.subList(same, log.size()).clear();
        log.addAll(leader.log.subList(same, leader.log.size()));
        watermark = Math.max(watermark, leader.watermark);
        coordinator.ifPresent(one -> one.watermark(epoch, watermark));
        var end = log.size();
        sim.deliver(leader, () -> leader.acknowledged(epoch, id, end));
    }

    private void acknowledged(int epoch, int follower, int end) {
        if (!leads() || ledEpoch != epoch) {
            return;
        }
        ends.merge(follower, end, Math::max);
        var held = new ArrayList<>(ends.values());
        held.add(log.size());
        held.sort(Comparator.reverseOrder());
        if (held.size() < sim.plan().quorum()) {
            return;
        }
        int committed = held.get(sim.plan().quorum() - 1);
        if (committed > epochStart && committed > watermark) {
            watermark = committed;
            sim.oracle().committed(log.subList(0, committed));
            coordinator.ifPresent(one -> one.watermark(epoch, committed));
        }
    }

    /// What was lost on the way is sent again.
    void resend() {
        if (leads() && !isPaused()) {
            sim.brokers().stream().filter(this::isBehind).forEach(this::replicateTo);
        }
    }

    void request(GroupRequest request, GroupSim.Call call) {
        if (coordinator.isEmpty() || !leads()) {
            call.fail();
        } else {
            coordinator.get().request(request, call);
        }
    }
}
