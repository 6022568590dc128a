package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The consumer of partitions that may be led by several brokers: one stream to a broker of the client's choice, its
/// *home*, and one more to each other leader that the home names. When such a stream
/// breaks, or its broker does not lead the partition any more, the home is asked again.
///
/// A consumer that says its rack is told by a leader of a follower there, and reads on from that (KIP-392). If such a
/// follower sends it back, or is gone, it stays with the leader for a while.
final class RoutedConsumer implements Consumer {
    /// How often to look whether a stream is to be opened again while nothing arrives.
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /// A follower that could not serve is not asked again before.
    private static final long LEADER_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final ConsumerOptions options;
    private final Admin admin;
    private final Connections connections;
    private final java.util.function.Consumer<Consumer> onClosed;
    private final SingleUser use = new SingleUser("consumer");
    private final Semaphore arrivals = new Semaphore(0);
    private final StreamConsumer home;
    /// Written under the polling thread's use, read also by [#close].
    private final Map<PartitionRef, StreamConsumer> away = Collections.synchronizedMap(new LinkedHashMap<>());

    /// All streams but the home.
    private final Set<StreamConsumer> others = new HashSet<>();
    /// Those of them that read from followers.
    private final Set<StreamConsumer> nearby = new HashSet<>();
    /// Until when partitions stay with their leaders.
    private final Map<PartitionRef, Long> leaderUntilNanos = new HashMap<>();

    private int turn;

    RoutedConsumer(
            ConsumerOptions options,
            Admin admin,
            Connections connections,
            java.util.function.Consumer<Consumer> onClosed) {
        this.options = options;
        this.admin = admin;
        this.connections = connections;
        this.onClosed = onClosed;
        this.home = new StreamConsumer(options, admin, connections, connections::any, arrivals::release, one -> {});
    }

    @Override
    public List<ConsumerRecord> poll(Duration timeout) {
        return use.alone(() -> {
            var deadlineNanos =
                    System.nanoTime() + Checks.notNegative("timeout", timeout).toNanos();
            while (true) {
                arrivals.drainPermits();
                var records = pollEach(deadlineNanos);
                var moved = route();
                var remainingNanos = deadlineNanos - System.nanoTime();
                if (!records.isEmpty() || (remainingNanos <= 0 && !moved)) {
                    return records;
                }
                use.checkOpen();
                if (!moved && !away.isEmpty()) {
                    await(Math.min(remainingNanos, LOOK_NANOS));
                }
            }
        });
    }

    /// The records of the first stream that has some, beginning with another one each time.
    private List<ConsumerRecord> pollEach(long deadlineNanos) {
        if (away.isEmpty()) {
            return home.poll(Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())));
        }
        var all = streams();
        turn++;
        for (var i = 0; i < all.size(); i++) {
            var records = all.get(Math.floorMod(turn + i, all.size())).poll(Duration.ZERO);
            if (!records.isEmpty()) {
                return records;
            }
        }
        return List.of();
    }

    private List<StreamConsumer> streams() {
        var all = new ArrayList<StreamConsumer>();
        all.add(home);
        all.addAll(Set.copyOf(away.values()));
        return all;
    }

    /// Moves partitions between the home, their leaders and followers; false if there was nothing to move.
    private boolean route() {
        var byLeader = new LinkedHashMap<Address, List<PartitionRef>>();
        home.takeLedElsewhere().forEach((partition, leader) -> {
            if (!away.containsKey(partition)) {
                byLeader.computeIfAbsent(leader, one -> new ArrayList<>()).add(partition);
            }
        });
        byLeader.forEach((leader, partitions) -> {
            var stream = follow(leader, partitions);
            partitions.forEach(partition -> {
                home.giveAway(partition);
                away.put(partition, stream);
            });
        });
        var back = false;
        for (var stream : Set.copyOf(away.values())) {
            if (!stream.takeLedElsewhere().isEmpty() || stream.takeBroken()) {
                takeBack(stream);
                back = true;
            }
        }
        return goNearby() || back || !byLeader.isEmpty();
    }

    /// Moves partitions to followers that their leaders have named.
    private boolean goNearby() {
        var byFollower = new LinkedHashMap<Address, List<PartitionRef>>();
        for (var stream : streams()) {
            stream.takePreferred().forEach((partition, follower) -> {
                var until = leaderUntilNanos.get(partition);
                if (stream.equals(owner(partition))
                        && !nearby.contains(stream)
                        && !stream.paused().contains(partition)
                        && (until == null || System.nanoTime() - until >= 0)) {
                    byFollower
                            .computeIfAbsent(follower, one -> new ArrayList<>())
                            .add(partition);
                }
            });
        }
        byFollower.forEach((follower, partitions) -> {
            var stream = follow(follower, partitions);
            nearby.add(stream);
            partitions.forEach(partition -> {
                owner(partition).giveAway(partition);
                away.put(partition, stream);
            });
        });
        if (!byFollower.isEmpty()) {
            closeUnused();
        }
        return !byFollower.isEmpty();
    }

    private void closeUnused() {
        for (var stream : List.copyOf(others)) {
            if (!away.containsValue(stream)) {
                others.remove(stream);
                stream.close();
            }
        }
    }

    private void takeBack(StreamConsumer stream) {
        var paused = stream.paused();
        var wasNearby = nearby.remove(stream);
        for (var partition : List.copyOf(away.keySet())) {
            if (stream.equals(away.get(partition))) {
                if (wasNearby) {
                    leaderUntilNanos.put(partition, System.nanoTime() + LEADER_NANOS);
                }
                var reached = stream.position(partition).isPresent()
                        ? stream.handedOver(partition)
                        : Optional.<PartitionReading>empty();
                away.remove(partition);
                home.takeBack(partition, reached, paused.contains(partition));
            }
        }
        others.remove(stream);
        stream.close();
    }

    private StreamConsumer follow(Address broker, List<PartitionRef> partitions) {
        var followed = ConsumerOptions.builder()
                .isolation(options.isolation())
                .maxPollRecords(options.maxPollRecords())
                .bufferRecords(options.bufferRecords())
                .bufferBytes(options.bufferBytes())
                .rack(options.rack());
        var handedOver = new ArrayList<PartitionReading>();
        for (var partition : partitions) {
            followed.partition(
                    partition.topic(),
                    partition.partition(),
                    options.partitions().getOrDefault(partition, options.start()));
            owner(partition).handedOver(partition).ifPresent(handedOver::add);
        }
        var stream =
                new StreamConsumer(followed.build(), admin, connections, () -> broker, arrivals::release, one -> {});
        stream.adopt(handedOver);
        others.add(stream);
        return stream;
    }

    private void await(long nanos) {
        try {
            if (arrivals.tryAcquire(Math.max(0, nanos), TimeUnit.NANOSECONDS)) {
                arrivals.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw WeirlogException.local(
                    Status.Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "interrupted while polling");
        }
    }

    private StreamConsumer owner(PartitionRef partition) {
        var stream = away.get(partition);
        return stream == null ? home : stream;
    }

    @Override
    public Set<PartitionRef> assignment() {
        return use.alone(() -> {
            var all = new HashSet<>(home.assignment());
            all.addAll(away.keySet());
            return Set.copyOf(all);
        });
    }

    @Override
    public Set<PartitionRef> paused() {
        return use.alone(() -> {
            var all = new HashSet<>(home.paused());
            all.removeAll(away.keySet());
            streams().stream().filter(stream -> !stream.equals(home)).forEach(stream -> all.addAll(stream.paused()));
            return Set.copyOf(all);
        });
    }

    @Override
    public OptionalLong position(PartitionRef partition) {
        return use.alone(() -> owner(partition).position(partition));
    }

    @Override
    public void seek(PartitionRef partition, StartAt position) {
        use.alone(() -> {
            owner(partition).seek(partition, position);
            return partition;
        });
    }

    @Override
    public void pause(Collection<PartitionRef> partitions) {
        use.alone(() -> {
            partitions.forEach(partition -> owner(partition).pause(List.of(partition)));
            return partitions;
        });
    }

    @Override
    public void resume(Collection<PartitionRef> partitions) {
        use.alone(() -> {
            partitions.forEach(partition -> owner(partition).resume(List.of(partition)));
            return partitions;
        });
    }

    @Override
    public boolean caughtUp() {
        return use.alone(() -> {
            if (away.isEmpty()) {
                return home.caughtUp();
            }
            var paused = home.paused();
            return home.assignment().stream()
                            .filter(partition -> !away.containsKey(partition) && !paused.contains(partition))
                            .allMatch(home::caughtUp)
                    && Set.copyOf(away.values()).stream().allMatch(StreamConsumer::caughtUp);
        });
    }

    @Override
    public boolean caughtUp(PartitionRef partition) {
        return use.alone(() -> owner(partition).caughtUp(partition));
    }

    @Override
    public void close() {
        use.end();
        // Ends a poll that is under way in another thread.
        home.close();
        Set.copyOf(away.values()).forEach(StreamConsumer::close);
        arrivals.release();
        onClosed.accept(this);
    }
}
