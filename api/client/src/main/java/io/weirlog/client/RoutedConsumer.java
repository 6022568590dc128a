package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.ErrorReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The consumer of partitions that may be led by several brokers: one stream to a broker of the client's choice, its
/// *home*, and one more to each other leader that the home names. When such a stream
/// breaks, or its broker does not lead the partition any more, the home is asked again.
final class RoutedConsumer implements Consumer {
    /// How often to look whether a stream is to be opened again while nothing arrives.
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ConsumerOptions options;
    private final Admin admin;
    private final Connections connections;
    private final java.util.function.Consumer<Consumer> onClosed;
    private final SingleUser use = new SingleUser("consumer");
    private final Semaphore arrivals = new Semaphore(0);
    private final StreamConsumer home;
    /// Written under the polling thread's use, read also by [#close].
    private final Map<PartitionRef, StreamConsumer> away = Collections.synchronizedMap(new LinkedHashMap<>());

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

    /// Moves partitions between the home and their leaders; false if there was nothing to move.
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
        return back || !byLeader.isEmpty();
    }

    private void takeBack(StreamConsumer stream) {
        var paused = stream.paused();
        for (var partition : List.copyOf(away.keySet())) {
            if (stream.equals(away.get(partition))) {
                var position = stream.position(partition);
                away.remove(partition);
                home.takeBack(partition, position, paused.contains(partition));
            }
        }
        stream.close();
    }

    private StreamConsumer follow(Address leader, List<PartitionRef> partitions) {
        var followed = ConsumerOptions.builder()
                .isolation(options.isolation())
                .maxPollRecords(options.maxPollRecords())
                .bufferRecords(options.bufferRecords())
                .bufferBytes(options.bufferBytes());
        for (var partition : partitions) {
            var position = home.position(partition);
            followed.partition(
                    partition.topic(),
                    partition.partition(),
                    position.isPresent()
                            ? StartAt.offset(position.getAsLong())
                            : options.partitions().getOrDefault(partition, options.start()));
        }
        return new StreamConsumer(followed.build(), admin, connections, () -> leader, arrivals::release, one -> {});
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
