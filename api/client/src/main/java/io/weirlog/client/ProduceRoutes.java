package io.weirlog.client;

import io.weirlog.common.BrokerId;
import io.weirlog.common.LeaderEpoch;
import io.weirlog.v1.Problem;
import io.weirlog.v1.ProduceAppend;
import io.weirlog.v1.ProduceInitial;
import io.weirlog.v1.ProduceInitialized;
import io.weirlog.v1.Routing;
import io.weirlog.wire.BufferSource;
import io.weirlog.wire.DataPlane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The sender's streams, one for each broker, and which of them a partition's batches take: the leader's, or any
/// broker's (which passes them on) while the leader is unknown or out of reach. Belongs to the sender's thread.
final class ProduceRoutes {
    private static final long OPENING_NANOS_MAX = Duration.ofSeconds(10).toNanos();
    /// How much later than its timeout an answer may come before its stream counts as broken.
    private static final long ANSWER_SLACK_NANOS = Duration.ofSeconds(5).toNanos();

    private final ProducerOptions options;
    private final MetadataCache metadata;
    private final Connections connections;
    private final ProduceStream.Listener listener;
    private final Consumer<Runnable> mailbox;
    private final DataPlane dataPlane = new DataPlane(BufferSource.HEAP);
    private final Map<Address, ProduceStream> streams = new HashMap<>();
    private final Set<ProduceStream> draining = new HashSet<>();
    private final Map<Address, Failures> failures = new HashMap<>();

    /// A stream that takes another batch now.
    record Route(ProduceStream stream, Routing routing) {}

    private record Failures(int count, long notBeforeNanos) {}

    ProduceRoutes(
            ProducerOptions options,
            MetadataCache metadata,
            Connections connections,
            ProduceStream.Listener listener,
            Consumer<Runnable> mailbox) {
        this.options = options;
        this.metadata = metadata;
        this.connections = connections;
        this.listener = listener;
        this.mailbox = mailbox;
    }

    /// Where the lane's next batch may go now; empty if it has to wait. Opens the stream that it will take.
    Optional<Route> of(PartitionLane lane, TopicMetadata topic, long nowNanos) {
        var leader = leaderAddress(lane, topic);
        var address = leader.orElseGet(connections::any);
        // Two streams have no order between them: those on their way must be done first.
        if (lane.stream().filter(stream -> !stream.address().equals(address)).isPresent()
                && lane.window().anyOnItsWay()) {
            return Optional.empty();
        }
        var stream = streams.get(address);
        if (stream == null) {
            open(address, nowNanos);
            return Optional.empty();
        }
        var routing = leader.isPresent() ? Routing.ROUTING_LEADER_ONLY : Routing.ROUTING_ANY;
        return stream.takesMore() ? Optional.of(new Route(stream, routing)) : Optional.empty();
    }

    private Optional<Address> leaderAddress(PartitionLane lane, TopicMetadata topic) {
        return topic.leader(lane.partition().partition())
                .flatMap(leader -> Address.tryParse(leader.address()))
                .filter(connections::isWorthTrying);
    }

    private Optional<LeaderDescription> leader(PartitionRef partition) {
        return metadata.cached(partition.topic()).flatMap(topic -> topic.leader(partition.partition()));
    }

    /// Whether another leader was elected since the batch was sent last.
    boolean isOvertaken(ProducerBatch batch) {
        return leader(batch.partition()).filter(batch::isOvertakenBy).isPresent();
    }

    /// Takes back what is late and on its way to a broker that leads the lane's partition no longer and is silent: it
    /// may hang, and never tell. One that is not silent tells what became of its appends, when it has come to them.
    /// What any broker answers is asked of others than a silent one from now on.
    List<ProducerBatch> takeOvertaken(PartitionLane lane, List<ProducerBatch> late, long silentSinceNanos) {
        var stream = lane.stream().filter(each -> each.heardNanos() - silentSinceNanos <= 0);
        if (stream.isEmpty()) {
            return List.of();
        }
        connections.lookElsewhere(stream.get().address());
        var overtaken = leader(lane.partition())
                .filter(leader ->
                        !leader.address().equals(stream.get().address().toString()))
                .map(leader -> late.stream()
                        .filter(batch -> batch.isOvertakenBy(leader))
                        .toList())
                .orElse(List.of());
        overtaken.forEach(stream.get()::giveUp);
        finishIfDrained(stream.get());
        return overtaken;
    }

    /// Whether the lane's next batch would take this stream's broker.
    boolean leadsTo(PartitionLane lane, ProduceStream stream) {
        return metadata.cached(lane.partition().topic())
                .map(topic -> leaderAddress(lane, topic).orElseGet(connections::any))
                .filter(stream.address()::equals)
                .isPresent();
    }

    private void open(Address address, long nowNanos) {
        var failed = failures.get(address);
        if (failed != null && nowNanos - failed.notBeforeNanos() < 0) {
            return;
        }
        var stream = new ProduceStream(address, connections.channel(address), listener, mailbox);
        streams.put(address, stream);
        stream.open(
                dataPlane,
                ProduceInitial.newBuilder()
                        .setClientId(connections.config().clientId())
                        .setAcks(options.acks().toProto())
                        .setTimeout(ToProto.duration(options.requestTimeout()))
                        .build());
    }

    void send(PartitionLane lane, ProducerBatch batch, Route route, long nowNanos) {
        var remainingNanos = batch.createdNanos() + options.deliveryTimeout().toNanos() - nowNanos;
        var requestNanos = options.requestTimeout().toNanos();
        var timeoutNanos = Math.max(TimeUnit.MILLISECONDS.toNanos(1), Math.min(requestNanos, remainingNanos));
        batch.attempted(
                nowNanos,
                leader(lane.partition()).map(LeaderDescription::epoch),
                nowNanos + timeoutNanos + ANSWER_SLACK_NANOS);
        lane.stream(route.stream());
        var append = ProduceAppend.newBuilder()
                .setPartition(lane.partition().partition())
                .setRouting(route.routing());
        if (timeoutNanos < requestNanos) {
            append.setTimeout(ToProto.nanos(timeoutNanos));
        }
        route.stream().send(batch, append);
    }

    void opened(ProduceStream stream, ProduceInitialized initialized) {
        stream.onOpened(initialized);
        failures.remove(stream.address());
        connections.reached(stream.address());
    }

    /// Goes on elsewhere; what is in flight is still answered.
    void draining(ProduceStream stream) {
        stream.onDraining();
        streams.remove(stream.address(), stream);
        draining.add(stream);
        // Behind the same address there may be others, but not at the end of this connection.
        connections.unreachable(stream.address(), stream.channel());
        delayNext(stream.address());
        finishIfDrained(stream);
    }

    void finishIfDrained(ProduceStream stream) {
        if (!stream.hasInFlight() && draining.remove(stream)) {
            stream.finish();
        }
    }

    /// Forgets a stream that is over, and waits a little longer each time before the broker is tried again.
    void ended(ProduceStream stream, Problem problem) {
        stream.onEnded();
        draining.remove(stream);
        if (!streams.remove(stream.address(), stream)) {
            return;
        }
        if (RetryPolicy.isConnectionLoss(problem)) {
            connections.unreachable(stream.address(), stream.channel());
        }
        delayNext(stream.address());
    }

    private void delayNext(Address address) {
        var before = failures.get(address);
        var count = before == null ? 1 : before.count() + 1;
        var delayMillis = RetryPolicy.DEFAULT.delayMillis(
                count, ThreadLocalRandom.current().nextDouble());
        failures.put(address, new Failures(count, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMillis)));
    }

    /// Takes the leader that a broker named in its refusal.
    void leaderNamed(PartitionRef partition, Problem problem) {
        var named = problem.getMetadataMap();
        try {
            if (named.containsKey("leader_address")) {
                metadata.leader(
                        partition,
                        new LeaderDescription(
                                new BrokerId(Integer.parseInt(named.getOrDefault("leader_id", ""))),
                                new LeaderEpoch(Integer.parseInt(named.getOrDefault("leader_epoch", ""))),
                                named.getOrDefault("leader_address", "")));
            }
        } catch (NumberFormatException e) {
            // A broker that cannot name the leader properly: fresh metadata will.
            return;
        }
    }

    /// Streams whose broker did not answer in time: they count as broken.
    List<ProduceStream> overdue(long nowNanos) {
        var openingNanosMax =
                Math.min(OPENING_NANOS_MAX, options.requestTimeout().toNanos());
        return all().stream()
                .filter(stream -> stream.phase() == ProduceStream.Phase.OPENING
                        ? nowNanos - stream.openedAtNanos() > openingNanosMax
                        : stream.isOverdue(nowNanos))
                .toList();
    }

    List<ProduceStream> all() {
        var all = new ArrayList<>(streams.values());
        all.addAll(draining);
        return all;
    }

    /// Whether nothing can become overdue.
    boolean isQuiet() {
        return draining.isEmpty()
                && streams.values().stream()
                        .allMatch(stream -> stream.phase() != ProduceStream.Phase.OPENING && !stream.hasInFlight());
    }
}
