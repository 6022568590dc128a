package io.weirlog.server.produce;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.RequestId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Producer ids that nobody else has. The metadata give them in blocks; the next is asked for before the last is used
/// up, so that hardly anybody waits. Thread-safe: the lock is held only to count.
public final class ProducerIds {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerIds.class);
    private static final int WAITERS_MAX = 10_000;
    /// The next block is asked for when fewer are left.
    private static final int IDS_LOW = 250;

    private final BrokerId self;
    private final MetadataClient metadata;
    private final Deque<CompletableFuture<Long>> waiters = new ArrayDeque<>();
    private final Deque<Block> blocks = new ArrayDeque<>();
    private boolean asking;
    private Optional<BrokerEpoch> epoch = Optional.empty();

    /// What is left of one, at least one id.
    private record Block(long first, long end) {}

    /// There is no id to be had now.
    static final class NoneLeftException extends RuntimeException {
        private static final long serialVersionUID = 1;

        NoneLeftException(String message) {
            super(message);
        }
    }

    public ProducerIds(BrokerId self, MetadataClient metadata) {
        this.self = self;
        this.metadata = metadata;
    }

    /// The broker is registered: from now on there are ids.
    public synchronized void registered(BrokerEpoch registered) {
        epoch = Optional.of(registered);
    }

    /// An id; fails with [NoneLeftException] if the metadata give no more within their deadline, or too many wait.
    CompletableFuture<Long> next() {
        var result = new CompletableFuture<Long>();
        var asks = false;
        synchronized (this) {
            if (epoch.isEmpty() || waiters.size() >= WAITERS_MAX) {
                result.completeExceptionally(new NoneLeftException(
                        epoch.isEmpty()
                                ? "the broker is not registered yet"
                                : waiters.size() + " producers wait already"));
                return result;
            }
            waiters.add(result);
            asks = !asking && left() < IDS_LOW + waiters.size();
            asking |= asks;
        }
        serve();
        if (asks) {
            ask();
        }
        return result;
    }

    private long left() {
        return blocks.stream().mapToLong(block -> block.end() - block.first()).sum();
    }

    private void serve() {
        List<Runnable> answers = new ArrayList<>();
        synchronized (this) {
            while (!waiters.isEmpty() && !blocks.isEmpty()) {
                var waiter = waiters.remove();
                var block = blocks.remove();
                if (block.first() + 1 < block.end()) {
                    blocks.addFirst(new Block(block.first() + 1, block.end()));
                }
                answers.add(() -> waiter.complete(block.first()));
            }
        }
        answers.forEach(Runnable::run);
    }

    private void ask() {
        var command = new MetadataCommand.AllocateProducerIds(new RequestId(UUID.randomUUID()), self, registration());
        var _ = metadata.propose(command).whenComplete(this::answered);
    }

    private synchronized BrokerEpoch registration() {
        return epoch.orElseThrow();
    }

    private void answered(@Nullable MetadataReply reply, @Nullable Throwable failure) {
        List<CompletableFuture<Long>> disappointed = new ArrayList<>();
        var asksAgain = false;
        synchronized (this) {
            asking = false;
            if (reply instanceof MetadataReply.ProducerIdsAllocated(var first, var count, var _)) {
                blocks.add(new Block(first, first + count));
                asksAgain = left() < waiters.size();
                asking = asksAgain;
            } else {
                disappointed.addAll(waiters);
                waiters.clear();
            }
        }
        if (!(reply instanceof MetadataReply.ProducerIdsAllocated)) {
            var why = why(reply, failure);
            LOG.warn("no block of producer ids, for which {} wait: {}", disappointed.size(), why);
            disappointed.forEach(waiter -> waiter.completeExceptionally(new NoneLeftException(why)));
        }
        serve();
        if (asksAgain) {
            ask();
        }
    }

    private static String why(@Nullable MetadataReply reply, @Nullable Throwable failure) {
        if (reply instanceof MetadataReply.Rejected(var _, var message)) {
            return message;
        }
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof MetadataUnavailableException unavailable
                ? String.valueOf(unavailable.getMessage())
                : "an unexpected answer: " + (cause == null ? reply : cause);
    }
}
