package io.weirlog.server.group.core;

import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A coordinator as [Outcome] wants it to be: the machine, the log, and answers that wait.
final class SimCoordinator {
    private static final int CHECK_EVERY = 150;

    private final GroupSim sim;
    private final SimGroupBroker broker;
    private final int epoch;
    private final GroupMachine machine;
    private final HeldAnswers held;
    private final Map<Ticket, GroupSim.Call> calls = new HashMap<>();
    private long tickets;
    private long ticks;
    private long steps;
    private boolean over;

    SimCoordinator(GroupSim sim, SimGroupBroker broker, int epoch) {
        this.sim = sim;
        this.broker = broker;
        this.epoch = epoch;
        machine = sim.newMachine();
        sim.compacted(broker.log()).forEach(machine::replay);
        sim.checkReplay("a compacted log", machine, broker.log());
        held = sim.switches()
                .heldAnswers(new LeaderEpoch(epoch), new Offset(broker.log().size()));
        step(new GroupEvent.Loaded(broker.now()));
        step(new GroupEvent.TopicsChanged(broker.now(), broker.view()));
    }

    void topicsChanged(Topics topics) {
        step(new GroupEvent.TopicsChanged(broker.now(), topics));
    }

    void request(GroupRequest request, GroupSim.Call call) {
        var ticket = new Ticket(++tickets);
        calls.put(ticket, call);
        step(new GroupEvent.Requested(broker.now(), ticket, request));
    }

    void watermark(int leaderEpoch, int end) {
        answer(held.committed(new LeaderEpoch(leaderEpoch), new Offset(end)));
    }

    /// Another one leads, or what became of an append is not known: nobody is answered any more.
    void resign() {
        over = true;
        if (!sim.switches().has(GroupBug.FOREIGN_RECORDS_COUNT)) {
            held.giveUp();
            calls.values().forEach(GroupSim.Call::fail);
            calls.clear();
        }
    }

    private void step(GroupEvent event) {
        if (over) {
            return;
        }
        var outcome = machine.step(event);
        if (!outcome.records().isEmpty() && !append(outcome.records())) {
            resign();
            sim.deliver(broker, broker::begin);
            return;
        }
        answer(held.hold(outcome.answers()));
        if (++steps % CHECK_EVERY == 0 && !sim.switches().has(GroupBug.GO_ON_AFTER_FAILED_APPEND)) {
            sim.checkReplay("its log", machine, broker.log());
        }
        scheduleTick();
    }

    /// Whether the records are in the log for all that the coordinator knows.
    private boolean append(List<GroupRecord> records) {
        if (sim.strikes(GroupSimPlan.Fault.APPEND_LOST, 60)) {
            if (sim.switches().has(GroupBug.CHANGE_IN_TWO_BATCHES)) {
                broker.append(records.subList(0, records.size() / 2));
            }
            return sim.switches().has(GroupBug.GO_ON_AFTER_FAILED_APPEND);
        }
        broker.append(records);
        held.appended(new Offset(broker.log().size()));
        return !sim.strikes(GroupSimPlan.Fault.APPEND_UNKNOWN, 60);
    }

    private void answer(List<Outcome.Answer> answers) {
        for (var answer : answers) {
            var call = calls.remove(answer.ticket());
            if (call != null) {
                call.answer(answer.reply(), epoch);
            }
        }
    }

    private void scheduleTick() {
        var due = machine.nextTickMillis();
        var number = ++ticks;
        if (due.isPresent()) {
            var wait = Math.max(1, due.getAsLong() - broker.now().monotonicMillis());
            sim.queue()
                    .after(
                            wait,
                            () -> broker.run(() -> {
                                if (!over && number == ticks) {
                                    step(new GroupEvent.Tick(broker.now()));
                                }
                            }));
        }
    }
}
