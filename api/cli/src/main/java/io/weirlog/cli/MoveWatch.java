package io.weirlog.cli;

import io.weirlog.client.OngoingMove;
import io.weirlog.client.PartitionRef;
import io.weirlog.client.WeirlogClient;
import io.weirlog.client.WeirlogException;
import io.weirlog.common.BrokerId;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/// Looks how far moves are until they are through. Brokers may fail meanwhile: as long as one of them tells, it goes
/// on.
final class MoveWatch {
    private static final long LOOK_MILLIS = 500;
    private static final long TELL_MILLIS = 5_000;
    private static final long OUTAGE_SECONDS_MAX = 60;
    private static final String AGAIN =
            "; the moves go on, watch them again with --attach, call them off with --cancel";

    private final Streams streams;
    private final OutputOption output;
    private final WeirlogClient client;
    private final Duration timeout;

    MoveWatch(Streams streams, OutputOption output, WeirlogClient client, Duration timeout) {
        this.streams = streams;
        this.output = output;
        this.client = client;
        this.timeout = timeout;
    }

    private record State(int moving, long bytesLeft) {}

    /// @throws CommandFailed if it takes too long, nobody answers, or a partition did not get there
    void watch(Map<PartitionRef, List<BrokerId>> targets) throws CommandFailed {
        long beginNanos = System.nanoTime();
        long answeredNanos = beginNanos;
        long toldNanos = beginNanos - TimeUnit.MILLISECONDS.toNanos(TELL_MILLIS);
        long bytesAtFirst = 0;
        Progress bar = null;
        try {
            while (true) {
                long nowNanos = System.nanoTime();
                try {
                    var state = look(targets);
                    answeredNanos = nowNanos;
                    bytesAtFirst = Math.max(bytesAtFirst, state.bytesLeft());
                    if (state.moving() == 0) {
                        check(targets);
                        return;
                    }
                    if (bar == null) {
                        bar = Progress.ofBytes(streams, "moving", bytesAtFirst);
                    }
                    bar.at(bytesAtFirst - state.bytesLeft());
                    if (nowNanos - toldNanos >= TimeUnit.MILLISECONDS.toNanos(TELL_MILLIS)) {
                        toldNanos = nowNanos;
                        tell(targets.size(), state);
                    }
                } catch (WeirlogException e) {
                    if (nowNanos - answeredNanos >= TimeUnit.SECONDS.toNanos(OUTAGE_SECONDS_MAX)) {
                        throw new CommandFailed("no broker has told for " + OUTAGE_SECONDS_MAX + " s: "
                                + ErrorLines.describe(e) + AGAIN);
                    }
                }
                if (nowNanos - beginNanos >= timeout.toNanos()) {
                    throw new CommandFailed("not through within " + timeout.toSeconds() + " s" + AGAIN);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
            }
        } finally {
            if (bar != null) {
                bar.close();
            }
        }
    }

    private void tell(int all, State state) {
        if (!output.json() && !streams.terminal()) {
            streams.err()
                    .println(all - state.moving() + " of " + Quantities.count(all, "partition") + " moved, "
                            + Quantities.bytes(state.bytesLeft()) + " left to copy");
        }
    }

    private State look(Map<PartitionRef, List<BrokerId>> targets) {
        var ongoing = client.reassignments().ongoing().stream()
                .filter(move -> targets.containsKey(move.partition()))
                .toList();
        var sizes = MoveSizes.ask(
                client, ongoing.stream().map(OngoingMove::partition).toList());
        long left = ongoing.stream()
                .mapToLong(move -> sizes.missingBytes(move.partition(), move.adding()))
                .sum();
        return new State(ongoing.size(), left);
    }

    /// A move that is not under way any more may have been called off by somebody else.
    private void check(Map<PartitionRef, List<BrokerId>> targets) throws CommandFailed {
        var elsewhere = new HashSet<PartitionRef>();
        for (var topic : targets.keySet().stream().map(PartitionRef::topic).collect(Collectors.toSet())) {
            for (var partition : client.admin().describeTopic(topic).partitions()) {
                var ref = new PartitionRef(topic, partition.partition());
                var target = targets.get(ref);
                if (target != null && !new HashSet<>(target).equals(new HashSet<>(partition.replicas()))) {
                    elsewhere.add(ref);
                }
            }
        }
        if (!elsewhere.isEmpty()) {
            throw new CommandFailed("not moved, somebody called that off: " + elsewhere);
        }
    }
}
