package io.weirlog.deploy.history;

import com.google.errorprone.annotations.FormatMethod;
import io.weirlog.deploy.history.Anomaly.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Looks for what a log must not show, in one pass in the order of time and one over the final state.
///
/// What has to be there in the end is what was acknowledged and what was read; what may be there is also what was sent
/// with an unknown outcome. Nothing else may.
public final class HistoryChecker {
    private final int acksMin;
    private final Map<Long, Send> sends = new HashMap<>();
    private final Map<String, Send> sendsByValue = new HashMap<>();
    private final Map<Integer, Partition> partitions = new TreeMap<>();
    private final Map<String, Cursor> cursors = new HashMap<>();
    private final Map<String, Long> endsAtInvocation = new HashMap<>();
    private final List<Anomaly> anomalies = new ArrayList<>();
    private int acks;
    private int finalReads;

    private static final class Send {
        final Entry.SendInvoked invoked;
        /// One past the largest offset that was acknowledged in the partition when this send began.
        final long floor;

        @Nullable
        Long ackedOffset;

        boolean failed;

        Send(Entry.SendInvoked invoked, long floor) {
            this.invoked = invoked;
            this.floor = floor;
        }
    }

    private static final class Partition {
        final Map<Long, String> seen = new TreeMap<>();
        final Map<Long, String> atTheEnd = new TreeMap<>();
        /// One past the largest offset that anybody knows to be in the log: acknowledged or read.
        long knownEnd;
        /// One past the largest acknowledged offset.
        long ackedEnd;
    }

    private static final class Cursor {
        long next;

        Cursor(long next) {
            this.next = next;
        }
    }

    private HistoryChecker(int acksMin) {
        this.acksMin = acksMin;
    }

    /// All anomalies of a history.
    ///
    /// @param acksMin with fewer acknowledgements the history proves nothing
    public static List<Anomaly> check(List<Entry> history, int acksMin) {
        var checker = new HistoryChecker(acksMin);
        history.forEach(checker::take);
        checker.conclude();
        return checker.anomalies;
    }

    private void take(Entry entry) {
        switch (entry) {
            case Entry.SendInvoked invoked -> invoked(invoked);
            case Entry.SendAcked(var process, var send, var offset) -> acked(process, send, offset);
            case Entry.SendFailed(var process, var send) -> known(process, send).failed = true;
            case Entry.SendUnknown unknown -> known(unknown.process(), unknown.send());
            case Entry.Positioned(var process, var partition, var offset) ->
                cursors.put(process + "/" + partition, new Cursor(offset));
            case Entry.Polled polled -> polled(polled);
            case Entry.EndInvoked(var process, var partition) ->
                endsAtInvocation.put(process + "/" + partition, partition(partition).knownEnd);
            case Entry.EndListed listed -> listed(listed);
            case Entry.FinalRead(var partition, var offset, var value) -> {
                finalReads++;
                see(partition, offset, value, "the final read");
                partition(partition).atTheEnd.put(offset, value);
            }
        }
    }

    private void invoked(Entry.SendInvoked invoked) {
        var send = new Send(invoked, partition(invoked.partition()).ackedEnd);
        sends.put(invoked.send(), send);
        if (sendsByValue.put(invoked.value(), send) != null) {
            throw new IllegalArgumentException("the history sends " + invoked.value() + " twice: it proves nothing");
        }
    }

    private Send known(String process, long number) {
        var send = sends.get(number);
        if (send == null || !send.invoked.process().equals(process)) {
            throw new IllegalArgumentException("the history has an outcome of a send that was not invoked: " + number);
        }
        return send;
    }

    private void acked(String process, long number, long offset) {
        acks++;
        var send = known(process, number);
        send.ackedOffset = offset;
        var partition = partition(send.invoked.partition());
        see(send.invoked.partition(), offset, send.invoked.value(), "the acknowledgement");
        partition.knownEnd = Math.max(partition.knownEnd, offset + 1);
        partition.ackedEnd = Math.max(partition.ackedEnd, offset + 1);
        if (offset < send.floor) {
            report(
                    Kind.REORDERED,
                    "%s was acknowledged at offset %d of partition %d, but before it was sent one was at %d",
                    send.invoked.value(),
                    offset,
                    send.invoked.partition(),
                    send.floor - 1);
        }
    }

    private void polled(Entry.Polled polled) {
        see(polled.partition(), polled.offset(), polled.value(), "a poll of " + polled.process());
        var partition = partition(polled.partition());
        partition.knownEnd = Math.max(partition.knownEnd, polled.offset() + 1);
        var cursor = cursors.computeIfAbsent(
                polled.process() + "/" + polled.partition(), key -> new Cursor(polled.offset()));
        if (polled.offset() < cursor.next) {
            report(
                    Kind.WENT_BACK,
                    "%s was given offset %d of partition %d after it had read up to %d",
                    polled.process(),
                    polled.offset(),
                    polled.partition(),
                    cursor.next);
        } else if (polled.offset() > cursor.next) {
            report(
                    Kind.SKIPPED,
                    "%s was given offset %d of partition %d where %d is next",
                    polled.process(),
                    polled.offset(),
                    polled.partition(),
                    cursor.next);
        }
        cursor.next = polled.offset() + 1;
    }

    private void listed(Entry.EndListed listed) {
        var floor = endsAtInvocation.get(listed.process() + "/" + listed.partition());
        if (floor == null) {
            throw new IllegalArgumentException("the history has an end that was not asked for: " + listed);
        }
        if (listed.end() < floor) {
            report(
                    Kind.END_WENT_BACK,
                    "%s was told that partition %d ends at %d, but offset %d had been there",
                    listed.process(),
                    listed.partition(),
                    listed.end(),
                    floor - 1);
        }
    }

    /// Takes in that somebody saw a value at an offset: it was sent there, has not certainly failed, is intact, and
    /// nobody saw another one.
    private void see(int number, long offset, String value, String where) {
        var send = sendsByValue.get(value);
        if (!Value.isIntact(value) || send == null) {
            report(Kind.PHANTOM, "%s shows %s at offset %d of partition %d", where, value, offset, number);
        } else if (send.failed) {
            report(Kind.FAILED_BUT_PRESENT, "%s shows %s at offset %d of partition %d", where, value, offset, number);
        } else if (send.invoked.partition() != number) {
            report(Kind.DUPLICATE, "%s shows %s in partition %d, it was sent to another", where, value, number);
        }
        var before = partition(number).seen.putIfAbsent(offset, value);
        if (before != null && !before.equals(value)) {
            report(
                    Kind.INCONSISTENT_OFFSET,
                    "%s shows %s at offset %d of partition %d, where %s was seen",
                    where,
                    value,
                    offset,
                    number,
                    before);
        }
    }

    private void conclude() {
        partitions.forEach((number, partition) -> {
            var offsets = new HashMap<String, Long>();
            partition.seen.forEach((offset, value) -> {
                var before = offsets.putIfAbsent(value, offset);
                if (before != null) {
                    report(Kind.DUPLICATE, "%s is at offsets %d and %d of partition %d", value, before, offset, number);
                }
                if (!value.equals(partition.atTheEnd.get(offset))) {
                    report(
                            Kind.LOST,
                            "%s was seen at offset %d of partition %d and is not there in the end",
                            value,
                            offset,
                            number);
                }
                var send = sendsByValue.get(value);
                if (send != null && send.failed) {
                    // Told as a failure after it had been seen.
                    report(Kind.FAILED_BUT_PRESENT, "%s is at offset %d of partition %d", value, offset, number);
                }
            });
            checkFinal(number, partition);
        });
        if (acks < acksMin || finalReads == 0) {
            report(Kind.VACUOUS, "%d acknowledgements and %d final reads", acks, finalReads);
        }
    }

    /// The final state has no holes, and keeps the order of time also for what was never acknowledged.
    private void checkFinal(int number, Partition partition) {
        var next = -1L;
        var latestOfProcess = new HashMap<String, Long>();
        for (var offset : partition.atTheEnd.keySet()) {
            if (next >= 0 && offset != next) {
                report(Kind.LOST, "partition %d has offset %d after %d in the end", number, offset, next - 1);
            }
            next = offset + 1;
            var send = sendsByValue.get(partition.atTheEnd.get(offset));
            if (send == null) {
                continue;
            }
            var latest = latestOfProcess.put(send.invoked.process(), send.invoked.send());
            if (latest != null && latest > send.invoked.send()) {
                report(
                        Kind.REORDERED,
                        "%s is at offset %d of partition %d, behind what its process sent later",
                        send.invoked.value(),
                        offset,
                        number);
            }
            if (send.ackedOffset == null && offset < send.floor) {
                report(
                        Kind.REORDERED,
                        "%s is at offset %d of partition %d, but before it was sent one was at %d",
                        send.invoked.value(),
                        offset,
                        number,
                        send.floor - 1);
            }
        }
    }

    private Partition partition(int number) {
        return partitions.computeIfAbsent(number, key -> new Partition());
    }

    @FormatMethod
    private void report(Kind kind, String message, Object... arguments) {
        anomalies.add(new Anomaly(kind, String.format(message, arguments)));
    }
}
