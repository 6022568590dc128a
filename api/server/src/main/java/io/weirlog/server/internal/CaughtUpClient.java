package io.weirlog.server.internal;

import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataUnavailableException;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataReply;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/// Answers once this node's own image shows what was proposed: whoever asks this node next reads its own write.
public final class CaughtUpClient implements MetadataClient {
    private static final Duration WAIT_MAX = Duration.ofSeconds(5);

    private final MetadataClient client;
    private final IndexWaiters waiters;

    public CaughtUpClient(MetadataClient client, IndexWaiters waiters) {
        this.client = client;
        this.waiters = waiters;
    }

    @Override
    public CompletableFuture<MetadataReply> propose(MetadataCommand command) {
        return client.propose(command).thenCompose(this::shown);
    }

    private CompletableFuture<MetadataReply> shown(MetadataReply reply) {
        var index = index(reply);
        if (index.isEmpty()) {
            return CompletableFuture.completedFuture(reply);
        }
        var behind = new MetadataUnavailableException(
                "it is done at metadata index " + index.getAsLong() + ", but this node has not heard of it within "
                        + WAIT_MAX,
                false,
                null);
        return waiters.reached(index.getAsLong(), WAIT_MAX)
                .thenApply(_ -> reply)
                .exceptionallyCompose(_ -> CompletableFuture.failedFuture(behind));
    }

    private static OptionalLong index(MetadataReply reply) {
        return switch (reply) {
            case MetadataReply.TopicCreated created -> OptionalLong.of(created.index());
            case MetadataReply.TopicDeleted deleted -> OptionalLong.of(deleted.index());
            case MetadataReply.BrokerRegistered registered -> OptionalLong.of(registered.index());
            case MetadataReply.IsrAltered altered -> OptionalLong.of(altered.index());
            case MetadataReply.LeadersElected elected -> OptionalLong.of(elected.index());
            case MetadataReply.Batch batch -> OptionalLong.of(batch.index());
            case MetadataReply.ProducerIdsAllocated allocated -> OptionalLong.of(allocated.index());
            case MetadataReply.Done done -> OptionalLong.of(done.index());
            case MetadataReply.Rejected _ -> OptionalLong.empty();
        };
    }
}
