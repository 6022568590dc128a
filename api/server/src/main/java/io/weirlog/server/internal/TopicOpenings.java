package io.weirlog.server.internal;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.StatusRuntimeException;
import io.weirlog.common.BrokerId;
import io.weirlog.internal.v1.AwaitTopicRequest;
import io.weirlog.internal.v1.BrokerServiceGrpc;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.metadata.TopicImage;
import io.weirlog.server.Broker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Waits until a new topic can be written to, wherever its leaders are: one call to each broker that leads a partition
/// of it.
public final class TopicOpenings {
    private static final Logger LOG = LoggerFactory.getLogger(TopicOpenings.class);

    /// New partitions are answered for when they can be written, or after this long at the latest.
    private static final Duration OPEN_MAX = Duration.ofSeconds(5);

    private final NodeIdentity identity;
    private final MetadataFeed feed;
    private final Broker broker;
    private final NodeConnections connections;
    private final ExecutorService executor;

    public TopicOpenings(
            NodeIdentity identity,
            MetadataFeed feed,
            Broker broker,
            NodeConnections connections,
            ExecutorService executor) {
        this.identity = identity;
        this.feed = feed;
        this.broker = broker;
        this.connections = connections;
        this.executor = executor;
    }

    /// Returns when all leaders are ready, or after some seconds at the latest.
    ///
    /// @param topic as this node's image shows it
    public void await(TopicImage topic) {
        try {
            await(topic, feed.image().index(), OPEN_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void await(TopicImage topic, long metadataIndex, Duration wait) throws InterruptedException {
        var leaders = new TreeSet<BrokerId>();
        topic.partitions().forEach(partition -> partition.leader().ifPresent(leaders::add));
        List<Callable<Boolean>> waits = new ArrayList<>();
        for (var leader : leaders) {
            waits.add(
                    leader.equals(identity.nodeId())
                            ? () -> broker.awaitOpen(List.of(topic), metadataIndex, wait)
                            : () -> awaitElsewhere(leader, topic, metadataIndex, wait));
        }
        for (var ended : executor.invokeAll(waits, wait.toMillis(), TimeUnit.MILLISECONDS)) {
            if (ended.isCancelled() || ended.state() == Future.State.FAILED || !ended.resultNow()) {
                LOG.warn("topic {} exists, but its partitions are not all open after {}", topic.name(), wait);
                return;
            }
        }
    }

    private boolean awaitElsewhere(BrokerId leader, TopicImage topic, long metadataIndex, Duration wait) {
        var address = feed.image().broker(leader).map(image -> image.endpoints().get(Broker.INTERNAL_LISTENER));
        if (address.isEmpty()) {
            return false;
        }
        try {
            return BrokerServiceGrpc.newBlockingStub(connections.channel(address.get()))
                    .withDeadlineAfter(wait.toMillis(), TimeUnit.MILLISECONDS)
                    .awaitTopic(AwaitTopicRequest.newBuilder()
                            .setCaller(identity.callerTo(leader))
                            .setTopicId(
                                    UnsafeByteOperations.unsafeWrap(topic.id().toBytes()))
                            .setMetadataIndex(metadataIndex)
                            .setWaitMillisMax((int) wait.toMillis())
                            .build())
                    .getOpen();
        } catch (StatusRuntimeException e) {
            LOG.debug("broker {} did not say whether topic {} is open", leader, topic.name(), e);
            return false;
        }
    }
}
