package io.weirlog.log;

import io.weirlog.common.Invariant;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.common.Offset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which leader epoch wrote from which offset on (KIP-101): epochs and start offsets both strictly increase (R4).
/// Immutable.
record EpochHistory(List<Entry> entries) {
    static final EpochHistory EMPTY = new EpochHistory(List.of());

    record Entry(LeaderEpoch epoch, Offset start) {}

    EpochHistory {
        entries = List.copyOf(entries);
        for (var i = 1; i < entries.size(); i++) {
            var previous = entries.get(i - 1);
            var entry = entries.get(i);
            Invariant.check(
                    entry.epoch().isAfter(previous.epoch()) && entry.start().isAfter(previous.start()),
                    "R4: epoch entry %s follows %s",
                    entry,
                    previous);
        }
    }

    Optional<LeaderEpoch> latest() {
        return entries.isEmpty()
                ? Optional.empty()
                : Optional.of(entries.getLast().epoch());
    }

    Optional<LeaderEpoch> earliest() {
        return entries.isEmpty()
                ? Optional.empty()
                : Optional.of(entries.getFirst().epoch());
    }

    /// The epoch that wrote an offset; empty before the first known one.
    Optional<LeaderEpoch> epochAt(Offset offset) {
        for (var i = entries.size() - 1; i >= 0; i--) {
            if (!entries.get(i).start().isAfter(offset)) {
                return Optional.of(entries.get(i).epoch());
            }
        }
        return Optional.empty();
    }

    Optional<Offset> startOf(LeaderEpoch epoch) {
        return entries.stream()
                .filter(entry -> entry.epoch().equals(epoch))
                .findFirst()
                .map(Entry::start);
    }

    /// The history in which `epoch` begins at `start`, the log's end. Epochs that began there have no record and
    /// vanish.
    EpochHistory begin(LeaderEpoch epoch, Offset start) {
        latest().ifPresent(last -> Invariant.check(!last.isAfter(epoch), "R4: epoch %s after %s", epoch, last));
        if (latest().equals(Optional.of(epoch))) {
            return this;
        }
        var kept = new ArrayList<>(entriesBefore(start));
        kept.add(new Entry(epoch, start));
        return new EpochHistory(kept);
    }

    /// The history of a log that ends at `end`: what would begin beyond it is gone.
    EpochHistory cutTo(Offset end) {
        return new EpochHistory(entriesBefore(end.plus(1)));
    }

    /// The history without the epochs that begin at `end` or later.
    EpochHistory before(Offset end) {
        return new EpochHistory(entriesBefore(end));
    }

    /// The history of a log that begins at `start`: of the epochs before it only the last may still have records.
    EpochHistory from(Offset start) {
        var kept = new ArrayList<>(
                entries.stream().filter(entry -> entry.start().isAfter(start)).toList());
        epochAt(start).ifPresent(epoch -> kept.addFirst(new Entry(epoch, start)));
        return new EpochHistory(kept);
    }

    private List<Entry> entriesBefore(Offset end) {
        return entries.stream().filter(entry -> entry.start().isBefore(end)).toList();
    }

    /// See [PartitionLog#endOffsetForEpoch].
    EpochEnd endOf(LeaderEpoch asked, Offset logEndOffset) {
        var end = logEndOffset;
        for (var i = entries.size() - 1; i >= 0; i--) {
            var entry = entries.get(i);
            if (!entry.epoch().isAfter(asked)) {
                return new EpochEnd(entry.epoch(), end);
            }
            end = entry.start();
        }
        return new EpochEnd(asked, end);
    }
}
