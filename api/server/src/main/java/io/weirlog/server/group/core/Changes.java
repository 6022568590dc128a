package io.weirlog.server.group.core;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/// What one step does: each record is applied as it is put out, by the same code as in a replay.
final class Changes {
    private final GroupStore store;
    private final Now now;
    private final List<GroupRecord> records = new ArrayList<>();
    private final List<Outcome.Answer> answers = new ArrayList<>();
    private final NavigableSet<MemberKey> touched = new TreeSet<>();

    Changes(GroupStore store, Now now) {
        this.store = store;
        this.now = now;
    }

    Now now() {
        return now;
    }

    void put(GroupRecord record) {
        store.apply(record);
        records.add(record);
        switch (record) {
            case GroupRecord.CurrentChanged(var group, var member, var _) -> touched.add(new MemberKey(group, member));
            case GroupRecord.CurrentRemoved(var group, var member) -> touched.add(new MemberKey(group, member));
            case GroupRecord.GroupChanged _,
                    GroupRecord.GroupRemoved _,
                    GroupRecord.MemberChanged _,
                    GroupRecord.MemberRemoved _,
                    GroupRecord.TargetChanged _,
                    GroupRecord.TargetRemoved _,
                    GroupRecord.OffsetCommitted _,
                    GroupRecord.OffsetRemoved _ -> {}
        }
    }

    void answer(Ticket ticket, GroupReply reply) {
        answers.add(new Outcome.Answer(ticket, reply));
    }

    /// Whether a step that nobody waits for should stop here and go on later.
    boolean isLarge() {
        return records.size() >= GroupConfig.RECORDS_PER_TICK;
    }

    /// Members whose assignment has changed, or that are gone.
    NavigableSet<MemberKey> touched() {
        return touched;
    }

    Outcome outcome() {
        return new Outcome(records, answers);
    }
}
