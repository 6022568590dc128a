package io.weirlog.server.consume;

import io.weirlog.common.BrokerId;
import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.Partitions;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Relay;
import io.weirlog.server.relay.RelayedRpc;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.FetchPartition;
import io.weirlog.v1.FetchRequest;
import io.weirlog.v1.FetchResponse;
import io.weirlog.v1.FetchedPartition;
import io.weirlog.v1.Problem;
import io.weirlog.v1.RecordForm;
import io.weirlog.v1.Routing;
import io.weirlog.wire.DataPlane;
import io.weirlog.wire.Framed;
import io.weirlog.wire.Payload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A Fetch from partitions that other brokers lead, or some of them.
///
/// One leader for all of them is asked for everything and does the waiting. Of several, each is asked what it has now;
/// if that is less than the reader wants, all are asked to tell when there is more, and then what they have once again:
/// nobody but this broker knows what they have together.
/// ```
/// look at all -> enough, time over, a problem -> answer
///      ^  |
///      |  too little -> wait for any of them, or for the end of the time
///      +------------------+
/// ```
/// What other brokers send comes as batches, whatever the reader wants; records are made of them here. Everything
/// happens on the task's sequential executor.
final class RelayedFetch {
    /// How long a leader may take to answer, beyond the time for which it was asked to wait: longer, and its partitions
    /// are told to have none that answers.
    private static final long ANSWER_MILLIS_MAX = 1_000;
    /// For a partition to have a leader again, where the reader wants to wait less.
    private static final long LEADER_MILLIS_MIN = 1_000;

    private final TopicLookup topics;
    private final Partitions partitions;
    private final FetchReader reader;
    private final FetchTask task;
    private final Relay relay;
    private final DataPlane methods;
    private final long deadlineNanos;
    private final long leaderDeadlineNanos;
    /// Partitions of which this broker's own replica could not serve the reader after all.
    private final Set<Integer> notHere = new HashSet<>();

    private final List<Partitions.Watch> watches = new ArrayList<>();
    private final List<CompletableFuture<?>> asked = new ArrayList<>();
    private boolean waiting;
    private boolean over;

    RelayedFetch(
            TopicLookup topics,
            Partitions partitions,
            FetchReader reader,
            FetchTask task,
            Relay relay,
            DataPlane methods) {
        this.topics = topics;
        this.partitions = partitions;
        this.reader = reader;
        this.task = task;
        this.relay = relay;
        this.methods = methods;
        var now = System.nanoTime();
        var waitMillis = task.request().getMinBytes() > 0 ? task.waitMillisMax() : 0;
        this.deadlineNanos = now + TimeUnit.MILLISECONDS.toNanos(waitMillis);
        this.leaderDeadlineNanos = now + TimeUnit.MILLISECONDS.toNanos(Math.max(waitMillis, LEADER_MILLIS_MIN));
    }

    void begin() {
        task.onCancel(this::end);
        task.sequential().execute(this::look);
    }

    private void end() {
        over = true;
        stopWaiting();
    }

    private void stopWaiting() {
        waiting = false;
        watches.forEach(Partitions.Watch::close);
        watches.clear();
        asked.forEach(each -> each.cancel(false));
        asked.clear();
    }

    /// The partitions by the broker to ask; empty stands for this one.
    private Map<Optional<BrokerId>, List<Integer>> byBroker() {
        Map<Optional<BrokerId>, List<Integer>> byBroker = new HashMap<>();
        for (int i = 0; i < task.request().getPartitionsCount(); i++) {
            byBroker.computeIfAbsent(brokerOf(i), _ -> new ArrayList<>()).add(i);
        }
        return byBroker;
    }

    private Optional<BrokerId> brokerOf(int index) {
        var wanted = task.request().getPartitions(index);
        var leader = topics.ledElsewhere(wanted.getTopic(), wanted.getPartition());
        var fromFollower = !task.request().getRack().isEmpty() && !notHere.contains(index);
        return fromFollower && leader.isPresent() && isInSync(wanted) ? Optional.empty() : leader;
    }

    private boolean isInSync(FetchPartition wanted) {
        return topics.image()
                .topic(wanted.getTopic())
                .filter(topic -> partitions.isInSync(new TopicPartition(topic.id(), wanted.getPartition())))
                .isPresent();
    }

    private long millisLeft() {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime()));
    }

    /// Asks all for what they have now.
    private void look() {
        if (over) {
            return;
        }
        stopWaiting();
        var byBroker = byBroker();
        var waits = byBroker.size() == 1 ? millisLeft() : 0;
        var found = new @Nullable FetchedEntry[task.request().getPartitionsCount()];
        List<CompletableFuture<Void>> rounds = new ArrayList<>();
        byBroker.forEach((broker, indexes) -> rounds.add(
                broker.map(id -> lookAt(id, indexes, waits, found)).orElseGet(() -> lookHere(indexes, found))));
        var _ = CompletableFuture.allOf(rounds.toArray(CompletableFuture<?>[]::new))
                .thenRunAsync(() -> judge(entries(found)), task.sequential());
    }

    private static List<FetchedEntry> entries(@Nullable FetchedEntry[] found) {
        List<FetchedEntry> entries = new ArrayList<>(found.length);
        for (var entry : found) {
            if (entry != null) {
                entries.add(entry);
            }
        }
        return entries;
    }

    private CompletableFuture<Void> lookHere(List<Integer> indexes, @Nullable FetchedEntry[] found) {
        long bytesLeft = share(indexes);
        for (int index : indexes) {
            var entry = reader.read(task.request().getPartitions(index), bytesLeft);
            bytesLeft -= entry.sizeBytes();
            found[index] = entry;
        }
        return CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<Void> lookAt(
            BrokerId broker, List<Integer> indexes, long waitMillis, @Nullable FetchedEntry[] found) {
        var request = request(indexes, waitMillis, waitMillis == 0 ? 0 : task.bytesWanted(), share(indexes));
        return ask(broker, request, waitMillis).handle((answer, failure) -> {
            var entries = answer == null || answer.payloads().size() != indexes.size()
                    ? failed(broker, indexes, failure)
                    : entries(answer);
            for (int i = 0; i < indexes.size(); i++) {
                found[indexes.get(i)] = entries.get(i);
            }
            return null;
        });
    }

    private static List<FetchedEntry> entries(Framed<FetchResponse> answer) {
        List<FetchedEntry> entries = new ArrayList<>();
        for (int i = 0; i < answer.payloads().size(); i++) {
            entries.add(new FetchedEntry(
                    answer.message().getPartitions(i), answer.payloads().get(i)));
        }
        return entries;
    }

    private List<FetchedEntry> failed(BrokerId broker, List<Integer> indexes, @Nullable Throwable failure) {
        var problem = Relay.problem(
                broker, failure == null ? new IllegalStateException("it answered something else") : failure);
        return indexes.stream().map(index -> failed(index, problem)).toList();
    }

    private FetchedEntry failed(int index, Problem problem) {
        var wanted = task.request().getPartitions(index);
        var entry = FetchedPartition.newBuilder()
                .setTopic(wanted.getTopic())
                .setPartition(wanted.getPartition())
                .setProblem(problem);
        topics.image()
                .topic(wanted.getTopic())
                .flatMap(topic -> topics.leader(new TopicPartition(topic.id(), wanted.getPartition())))
                .ifPresent(entry::setLeader);
        return new FetchedEntry(entry.build(), Payload.NONE);
    }

    private CompletableFuture<Framed<FetchResponse>> ask(BrokerId broker, FetchRequest request, long waitMillis) {
        var previous = task.context().attach();
        try {
            var answer = relay.ask(RelayedRpc.FETCH, broker, methods.fetch(), request, waitMillis + ANSWER_MILLIS_MAX);
            asked.add(answer);
            return answer;
        } finally {
            task.context().detach(previous);
        }
    }

    private FetchRequest request(List<Integer> indexes, long waitMillis, int bytesMin, int bytesMax) {
        var request = task.request().toBuilder()
                .clearPartitions()
                .setForm(RecordForm.RECORD_FORM_BATCHES)
                .setRouting(Routing.ROUTING_LEADER_ONLY)
                .setMinBytes(bytesMin)
                .setMaxBytes(bytesMax)
                .setMaxWait(com.google.protobuf.Duration.newBuilder()
                        .setSeconds(waitMillis / 1000)
                        .setNanos((int) (waitMillis % 1000) * 1_000_000));
        indexes.forEach(index -> request.addPartitions(task.request().getPartitions(index)));
        return request.build();
    }

    /// Of the bytes that the answer may have, what a broker with these partitions may send.
    private int share(Collection<Integer> indexes) {
        var share = (long) task.bytesMax() * indexes.size() / task.request().getPartitionsCount();
        return (int) Math.max(1, share);
    }

    private void judge(List<FetchedEntry> entries) {
        asked.clear();
        if (over || entries.size() < task.request().getPartitionsCount()) {
            entries.forEach(FetchedEntry::close);
            return;
        }
        var bytes = entries.stream().mapToLong(FetchedEntry::sizeBytes).sum();
        var elsewhere = noteElsewhere(entries);
        var problem = entries.stream()
                .map(FetchedEntry::partition)
                .anyMatch(each -> each.hasProblem() && !Routes.goesElsewhere(each.getProblem()));
        var now = System.nanoTime();
        if (elsewhere && bytes == 0 && !problem && now - leaderDeadlineNanos < 0) {
            entries.forEach(FetchedEntry::close);
            later(Routes.BACKOFF_MILLIS);
        } else if (elsewhere || problem || bytes >= task.bytesWanted() || now - deadlineNanos >= 0) {
            answer(entries);
        } else {
            entries.forEach(FetchedEntry::close);
            await(entries);
        }
    }

    private boolean noteElsewhere(List<FetchedEntry> entries) {
        var any = false;
        for (int i = 0; i < entries.size(); i++) {
            var found = entries.get(i).partition();
            if (found.hasProblem() && Routes.goesElsewhere(found.getProblem())) {
                notHere.add(i);
                any = true;
            }
        }
        return any;
    }

    private void answer(List<FetchedEntry> entries) {
        end();
        List<FetchedEntry> wanted = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            var entry = entries.get(i);
            if (entry.batches().length() > 0) {
                relay.passedOn(RelayedRpc.FETCH, entry.batches().length());
            }
            wanted.add(reader.inWantedForm(task.request().getPartitions(i), entry));
        }
        FetchReader.fit(task.request(), wanted, task.bytesMax());
        task.answer(FetchedEntry.response(wanted));
    }

    private void later(long millis) {
        waiting = true;
        try {
            var _ = relay.timers()
                    .schedule(
                            () -> task.sequential().execute(this::lookAgain),
                            Math.max(1, millis),
                            TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            end();
        }
    }

    private void lookAgain() {
        if (waiting) {
            look();
        }
    }

    /// Waits until one of the brokers has more than it had, or the time is over.
    private void await(List<FetchedEntry> entries) {
        later(millisLeft());
        byBroker().forEach((broker, indexes) -> {
            if (broker.isEmpty()) {
                indexes.forEach(index -> watch(entries.get(index).partition()));
            } else {
                // Everything up to the watermarks was too little.
                var request = request(indexes, millisLeft(), 1, 1).toBuilder();
                for (int i = 0; i < indexes.size(); i++) {
                    var seen = entries.get(indexes.get(i)).partition();
                    request.setPartitions(
                            i,
                            request.getPartitions(i).toBuilder()
                                    .setOffset(Math.max(seen.getNextOffset(), seen.getHighWatermark()))
                                    .clearLastLeaderEpoch());
                }
                var _ = ask(broker.get(), request.build(), millisLeft())
                        .whenCompleteAsync(
                                (answer, failure) -> {
                                    if (answer != null) {
                                        answer.close();
                                    }
                                    lookAgain();
                                },
                                task.sequential());
            }
        });
    }

    private void watch(FetchedPartition found) {
        topics.image()
                .topic(found.getTopic())
                .map(topic -> new TopicPartition(topic.id(), found.getPartition()))
                .ifPresent(id -> watches.add(partitions.watch(
                        id,
                        new Offset(found.getHighWatermark()),
                        () -> task.sequential().execute(this::lookAgain))));
    }
}
