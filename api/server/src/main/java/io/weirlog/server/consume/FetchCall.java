package io.weirlog.server.consume;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.replication.Partitions;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.relay.Routes;
import io.weirlog.v1.FetchResponse;
import io.weirlog.wire.Framed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One Fetch: reads all its partitions at once, and where that is less than the reader wants, waits for more and reads
/// again. Everything happens on one sequential executor.
final class FetchCall {
    private final TopicLookup topics;
    private final Partitions partitions;
    private final FetchReader reader;
    private final FetchTask task;
    private final Optional<Runnable> elsewhere;
    private final List<Partitions.Watch> watches = new ArrayList<>();
    private @Nullable ScheduledFuture<?> timer;
    private boolean answered;
    private boolean timedOut;

    /// @param elsewhere takes the call over if the partitions turn out to be led by others; empty: it is answered so
    FetchCall(
            TopicLookup topics,
            Partitions partitions,
            FetchReader reader,
            FetchTask task,
            Optional<Runnable> elsewhere) {
        this.topics = topics;
        this.partitions = partitions;
        this.reader = reader;
        this.task = task;
        this.elsewhere = elsewhere;
    }

    void begin(ScheduledExecutorService timers) {
        var waitMillisMax = task.waitMillisMax();
        task.onCancel(this::finish);
        if (task.request().getMinBytes() > 0 && waitMillisMax > 0) {
            timer = timers.schedule(
                    () -> task.sequential().execute(() -> {
                        timedOut = true;
                        attempt();
                    }),
                    waitMillisMax,
                    TimeUnit.MILLISECONDS);
        } else {
            timedOut = true;
        }
        task.sequential().execute(this::attempt);
    }

    private void attempt() {
        if (answered) {
            return;
        }
        closeWatches();
        List<FetchedEntry> entries = new ArrayList<>();
        var bytes = 0L;
        var problem = false;
        for (var wanted : task.request().getPartitionsList()) {
            var entry = reader.read(wanted, task.bytesMax() - bytes);
            bytes += entry.sizeBytes();
            problem |= entry.partition().hasProblem();
            entries.add(entry);
        }
        if (problem && elsewhere.isPresent() && entries.stream().anyMatch(FetchCall::goesElsewhere)) {
            entries.forEach(FetchedEntry::close);
            finish();
            elsewhere.get().run();
        } else if (timedOut || problem || bytes >= task.bytesWanted()) {
            answer(FetchedEntry.response(entries));
        } else {
            entries.forEach(FetchedEntry::close);
            watch(entries);
        }
    }

    private static boolean goesElsewhere(FetchedEntry entry) {
        return entry.partition().hasProblem()
                && Routes.goesElsewhere(entry.partition().getProblem());
    }

    private void watch(List<FetchedEntry> entries) {
        for (var entry : entries) {
            var found = entry.partition();
            topics.image()
                    .topic(found.getTopic())
                    .map(topic -> new TopicPartition(topic.id(), found.getPartition()))
                    .ifPresent(
                            id -> watches.add(partitions.watch(id, new Offset(found.getHighWatermark()), this::wake)));
        }
    }

    private void wake() {
        task.sequential().execute(this::attempt);
    }

    private void answer(Framed<FetchResponse> framed) {
        finish();
        task.answer(framed);
    }

    private void finish() {
        answered = true;
        closeWatches();
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void closeWatches() {
        watches.forEach(Partitions.Watch::close);
        watches.clear();
    }
}
