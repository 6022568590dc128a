package io.weirlog.client;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A group consumer that polls by itself and hands the records to a [RecordsHandler].
public final class GroupProcessor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupProcessor.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final StreamGroupConsumer consumer;
    private final RecordsHandler handler;
    private final Consumer<GroupProcessor> onEnd;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private volatile boolean closing;

    GroupProcessor(
            String groupId, StreamGroupConsumer consumer, RecordsHandler handler, Consumer<GroupProcessor> onEnd) {
        this.consumer = consumer;
        this.handler = handler;
        this.onEnd = onEnd;
        this.thread = new Thread(this::run, "weirlog-group-" + groupId);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!closing) {
                step();
            }
            consumer.close();
            ended.complete(null);
        } catch (Exception | Error e) {
            LOG.warn("the processor ends: {}", e.getMessage());
            consumer.close();
            ended.completeExceptionally(e);
        } finally {
            onEnd.accept(this);
        }
    }

    private void step() throws Exception {
        List<ConsumerRecord> records;
        try {
            records = consumer.poll(POLL);
        } catch (WeirlogException e) {
            if (!StreamLife.mayPass(e.problem(), 1)) {
                throw e;
            }
            LOG.warn("cannot read, trying again: {}", e.getMessage());
            return;
        }
        if (!records.isEmpty()) {
            try {
                handler.handle(records, consumer);
            } catch (Exception | Error e) {
                giveBack(records);
                throw e;
            }
        }
    }

    /// What failed is not committed, unlike what was dealt with before.
    private void giveBack(List<ConsumerRecord> records) {
        try {
            var assigned = consumer.assignment();
            var given = new HashSet<PartitionRef>();
            for (var record : records) {
                if (assigned.contains(record.partitionRef()) && given.add(record.partitionRef())) {
                    consumer.seek(record.partitionRef(), StartAt.offset(record.offset()));
                }
            }
        } catch (RuntimeException e) {
            LOG.warn("nothing is committed: {}", e.getMessage());
            consumer.abandon();
        }
    }

    /// Completes when it has ended: exceptionally if the handler threw, or if the group cannot be read any more.
    public CompletableFuture<Void> ended() {
        return ended.copy();
    }

    /// Waits for the handler to return, commits, and leaves the group. Safe to call from the handler, which then is
    /// not waited for.
    @Override
    public void close() {
        closing = true;
        if (Thread.currentThread().equals(thread)) {
            return;
        }
        try {
            ended.get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            // Told by ended().
            LOG.debug("ended before it was closed", e);
        } catch (TimeoutException e) {
            LOG.warn("the handler has not returned for {} s", CLOSE_TIMEOUT.toSeconds());
            thread.interrupt();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
