package io.weirlog.client;

import io.grpc.Status;
import io.weirlog.v1.ClusterServiceGrpc;
import io.weirlog.v1.DescribeClusterRequest;
import io.weirlog.v1.DescribeClusterResponse;
import io.weirlog.v1.ErrorReason;
import io.weirlog.v1.Problem;
import io.weirlog.wire.Problems;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// The topics in use: their partition counts and leaders. Thread-safe.
///
/// What is cached may be old; whoever is told so by a broker refreshes it. An answer older than what this client has
/// seen already (a broker may lag behind the metadata) does not count.
final class MetadataCache {
    /// One that takes longer is asked of another broker.
    private static final Duration REFRESH_MAX = Duration.ofSeconds(2);

    private final UnaryCalls calls;
    private final ConcurrentMap<String, TopicMetadata> topics = new ConcurrentHashMap<>();
    private final AtomicLong indexSeen = new AtomicLong();

    MetadataCache(UnaryCalls calls) {
        this.calls = calls;
    }

    Optional<TopicMetadata> cached(String topic) {
        return Optional.ofNullable(topics.get(topic));
    }

    /// Says that something was true at this metadata index.
    void saw(long metadataIndex) {
        indexSeen.accumulateAndGet(metadataIndex, Math::max);
    }

    /// The topic as cached, or as a broker tells it within `timeout`.
    ///
    /// @throws WeirlogException `UNKNOWN_TOPIC` if there is none; or if no broker tells it in time
    TopicMetadata topic(String topic, Duration timeout) throws InterruptedException {
        var known = topics.get(topic);
        return known != null ? known : fresh(topic, timeout);
    }

    /// The topic as a broker tells it now.
    TopicMetadata fresh(String topic, Duration timeout) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + timeout.toNanos();
        for (var attempts = 1; ; attempts++) {
            var remaining = Duration.ofNanos(Math.max(1, deadlineNanos - System.nanoTime()));
            WeirlogException failure;
            try {
                var answer = calls.call(ClusterServiceGrpc.getDescribeClusterMethod(), request(topic), remaining);
                if (take(answer)) {
                    return Optional.ofNullable(topics.get(topic)).orElseThrow(() -> unknown(topic));
                }
                failure = unknown(topic);
            } catch (WeirlogException e) {
                // Brokers may be starting: the caller said how long it is willing to wait.
                if (!RetryPolicy.isConnectionLoss(e.problem())) {
                    throw e;
                }
                failure = e;
            }
            var delayMillis = RetryPolicy.DEFAULT.delayMillis(
                    attempts, ThreadLocalRandom.current().nextDouble());
            if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delayMillis) - deadlineNanos >= 0) {
                throw failure;
            }
            calls.connections().pause(delayMillis);
        }
    }

    /// Asks anew for these topics; those that do not exist any more leave the cache. `done` is called on a network
    /// thread when an answer has arrived or failed to.
    void refresh(Collection<String> names, Runnable done) {
        var request = DescribeClusterRequest.newBuilder().addAllTopics(names).build();
        var timeout = Collections.min(
                List.of(REFRESH_MAX, calls.connections().config().requestTimeout()));
        calls.ask(ClusterServiceGrpc.getDescribeClusterMethod(), request, timeout, new UnaryCalls.Done<>() {
            @Override
            public void answered(DescribeClusterResponse answer) {
                if (take(answer)) {
                    var found = answer.getTopicsList().stream()
                            .map(t -> t.getTopic())
                            .toList();
                    names.stream().filter(name -> !found.contains(name)).forEach(topics::remove);
                }
                done.run();
            }

            @Override
            public void failed(Problem problem) {
                done.run();
            }
        });
    }

    /// Takes what a broker said in passing of a partition's leader.
    void leader(PartitionRef partition, LeaderDescription leader) {
        topics.computeIfPresent(partition.topic(), (name, topic) -> topic.withLeader(partition.partition(), leader));
    }

    /// False if the answer is older than what was seen before.
    private boolean take(DescribeClusterResponse answer) {
        if (answer.getMetadataIndex() < indexSeen.get()) {
            return false;
        }
        saw(answer.getMetadataIndex());
        answer.getTopicsList()
                .forEach(topic ->
                        topics.merge(topic.getTopic(), TopicMetadata.of(topic), (known, told) -> told.since(known)));
        return true;
    }

    private static DescribeClusterRequest request(String topic) {
        return DescribeClusterRequest.newBuilder().addTopics(topic).build();
    }

    /// What the client itself says of a topic that no broker told of.
    static WeirlogException unknown(String topic) {
        return WeirlogException.of(Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "there is no topic " + topic + ": create it first",
                Map.of("topic", topic)));
    }

    /// What the client itself says of a partition that has gone with its topic.
    static WeirlogException unknown(PartitionRef partition) {
        return WeirlogException.of(Problems.problem(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_UNKNOWN_TOPIC,
                "there is no partition " + partition + " any more: its topic was deleted",
                Map.of("topic", partition.topic())));
    }
}
