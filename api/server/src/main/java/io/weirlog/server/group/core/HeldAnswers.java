package io.weirlog.server.group.core;

import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Answers of one loaded machine that wait for what they rest on to be committed.
///
/// Only a watermark of the machine's own leader epoch counts: after a change of leaders other records may lie at the
/// same
/// offsets, and a watermark beyond them says nothing about ours (G2, KAFKA-20634).
public class HeldAnswers {
    private final LeaderEpoch epoch;
    private final Deque<Held> held = new ArrayDeque<>();
    private Offset end;
    private Offset highWatermark = Offset.ZERO;

    private record Held(Offset end, List<Outcome.Answer> answers) {}

    /// @param epoch in which the machine was loaded and appends
    /// @param end one past the last record that it was loaded from
    public HeldAnswers(LeaderEpoch epoch, Offset end) {
        this.epoch = epoch;
        this.end = end;
    }

    /// The records before `newEnd` are appended in the machine's epoch; later answers wait for them too.
    public void appended(Offset newEnd) {
        Invariant.check(!newEnd.isBefore(end), "G2: the log of __offsets shrinks from %s to %s", end, newEnd);
        end = newEnd;
    }

    /// Answers that rest on all that was appended so far. Returns those that can be given at once.
    public List<Outcome.Answer> hold(List<Outcome.Answer> answers) {
        if (answers.isEmpty()) {
            return List.of();
        }
        held.addLast(new Held(end, answers));
        return released();
    }

    /// The partition's watermark, and the epoch of the leader that it is from. Returns the answers that can be given
    /// now.
    public List<Outcome.Answer> committed(LeaderEpoch leaderEpoch, Offset watermark) {
        if (counts(leaderEpoch, epoch) && watermark.isAfter(highWatermark)) {
            highWatermark = watermark;
        }
        return released();
    }

    /// Everything still held: nobody will know what became of it here.
    public List<Outcome.Answer> giveUp() {
        var all = held.stream().flatMap(one -> one.answers().stream()).toList();
        held.clear();
        return all;
    }

    boolean counts(LeaderEpoch ofWatermark, LeaderEpoch own) {
        return ofWatermark.equals(own);
    }

    private List<Outcome.Answer> released() {
        var released = new ArrayList<Outcome.Answer>();
        while (!held.isEmpty() && !held.getFirst().end().isAfter(highWatermark)) {
            released.addAll(held.removeFirst().answers());
        }
        return released;
    }
}
