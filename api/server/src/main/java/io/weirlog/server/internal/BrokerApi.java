package io.weirlog.server.internal;

import io.grpc.stub.StreamObserver;
import io.weirlog.common.TopicId;
import io.weirlog.internal.v1.AwaitTopicRequest;
import io.weirlog.internal.v1.AwaitTopicResponse;
import io.weirlog.internal.v1.BrokerServiceGrpc;
import io.weirlog.metadata.MetadataFeed;
import io.weirlog.server.Broker;
import io.weirlog.server.ServerProblems;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.List;

/// `weirlog.internal.v1.BrokerService`: translates.
public final class BrokerApi extends BrokerServiceGrpc.BrokerServiceImplBase {
    private static final int WAIT_MILLIS_MAX = 30_000;
    private static final int ID_BYTES = 16;

    private final NodeIdentity identity;
    private final MetadataFeed feed;
    private final Broker broker;

    public BrokerApi(NodeIdentity identity, MetadataFeed feed, Broker broker) {
        this.identity = identity;
        this.feed = feed;
        this.broker = broker;
    }

    @Override
    public void awaitTopic(AwaitTopicRequest request, StreamObserver<AwaitTopicResponse> response) {
        var problem = identity.check(request.getCaller());
        if (problem.isPresent() || request.getTopicId().size() != ID_BYTES) {
            response.onError(Problems.toStatus(
                    problem.orElseGet(() -> ServerProblems.invalidRequest("a topic id has 16 bytes"))));
            return;
        }
        var wait = Duration.ofMillis(Math.clamp(request.getWaitMillisMax(), 0, WAIT_MILLIS_MAX));
        response.onNext(
                AwaitTopicResponse.newBuilder().setOpen(isOpen(request, wait)).build());
        response.onCompleted();
    }

    /// A topic that is gone again by then is as open as it will ever be.
    private boolean isOpen(AwaitTopicRequest request, Duration wait) {
        var id = TopicId.fromBytes(request.getTopicId().toByteArray());
        try {
            long deadlineNanos = System.nanoTime() + wait.toNanos();
            if (!broker.awaitOpen(List.of(), request.getMetadataIndex(), wait)) {
                return false;
            }
            var topic = feed.image().topic(id);
            return topic.isEmpty()
                    || broker.awaitOpen(
                            List.of(topic.get()),
                            request.getMetadataIndex(),
                            Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
