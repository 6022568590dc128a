package io.weirlog.server.group;

import io.micrometer.core.instrument.MeterRegistry;
import io.weirlog.common.TopicPartition;
import io.weirlog.metadata.MetadataClient;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.replication.Partitions;
import io.weirlog.replication.ReplicationClock;
import io.weirlog.server.TopicLookup;
import io.weirlog.server.config.LagDetail;
import io.weirlog.server.consume.GroupPort;
import io.weirlog.server.group.core.GroupConfig;
import io.weirlog.server.internal.TopicOpenings;
import io.weirlog.server.relay.Relay;
import io.weirlog.v1.CommitOffsetsRequest;
import io.weirlog.v1.CommitOffsetsResponse;
import io.weirlog.v1.FetchOffsetsRequest;
import io.weirlog.v1.FetchOffsetsResponse;
import io.weirlog.v1.HeartbeatRequest;
import io.weirlog.v1.HeartbeatResponse;
import io.weirlog.v1.LeaveRequest;
import io.weirlog.v1.LeaveResponse;
import io.weirlog.v1.TopicPartitions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// This broker's part in consumer groups: the coordinators of those whose partition of `__offsets` it leads, and the
/// way
/// to all others.
public final class Groups implements AutoCloseable {
    private static final int DECOMPRESSED_BYTES_MAX = 64 << 20;

    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weirlog-groups-timer").factory());
    private final Executor executor;
    private final GroupCoordinators coordinators;
    private final GroupCalls calls;
    private final GroupListing listing;
    private final GroupLags lags;
    private final OffsetCommits commits;
    private final GroupsApi api;

    /// @param executor runs what may block
    public Groups(
            TopicLookup topics,
            Partitions partitions,
            MetadataClient metadata,
            TopicOpenings openings,
            Ways ways,
            Executor executor) {
        this.executor = executor;
        var surroundings = new GroupCoordinator.Surroundings(
                partitions, GroupConfig.DEFAULT, ReplicationClock.SYSTEM, executor, timers, DECOMPRESSED_BYTES_MAX);
        this.coordinators = new GroupCoordinators(topics.self(), surroundings);
        this.calls = new GroupCalls(topics, coordinators, ways.relay(), metadata, openings, executor);
        this.listing = new GroupListing(topics, coordinators, ways.relay());
        this.lags = new GroupLags(ways.ends(), InstantSource.system());
        this.commits = new OffsetCommits(
                commit -> OffsetCommits.place(commit, topics.image()),
                KnownEnds.of(partitions),
                ways.ends(),
                coordinator(),
                OffsetCommits.ASK_MILLIS_MAX);
        this.api = new GroupsApi(
                calls, listing, lags, commits, new OffsetResets(topics, calls, ways.ends(), InstantSource.system()));
    }

    private OffsetCommits.Coordinator coordinator() {
        return new OffsetCommits.Coordinator() {
            @Override
            public CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax) {
                return calls.call(GroupRpcs.COMMIT_OFFSETS, request, waitMillisMax);
            }

            @Override
            public CompletableFuture<CommitOffsetsResponse> checkMember(
                    CommitOffsetsRequest request, long waitMillisMax) {
                var first = request.getOffsets(0);
                var question = FetchOffsetsRequest.newBuilder()
                        .setGroupId(request.getGroupId())
                        .setMemberId(request.getMemberId())
                        .setMemberEpoch(request.getMemberEpoch())
                        .addPartitions(TopicPartitions.newBuilder()
                                .setTopic(first.getTopic())
                                .setTopicId(first.getTopicId())
                                .addPartitions(first.getPartition()))
                        .setRouting(request.getRouting())
                        .build();
                return calls.call(GroupRpcs.FETCH_OFFSETS, question, waitMillisMax)
                        .thenApply(fetched -> CommitOffsetsResponse.newBuilder()
                                .setCoordinator(fetched.getCoordinator())
                                .build());
            }
        };
    }

    /// To other brokers.
    public record Ways(Relay relay, LogEnds ends) {}

    /// Learns from the metadata what this broker leads.
    public MetadataListener coordinators() {
        return coordinators;
    }

    /// For clients.
    public GroupsApi api() {
        return api;
    }

    /// For the streams of consumers.
    public GroupPort port() {
        return new GroupPort() {
            @Override
            public CompletableFuture<HeartbeatResponse> heartbeat(HeartbeatRequest request, long waitMillisMax) {
                return calls.call(GroupRpcs.HEARTBEAT, request, waitMillisMax);
            }

            @Override
            public CompletableFuture<LeaveResponse> leave(LeaveRequest request, long waitMillisMax) {
                return calls.call(GroupRpcs.LEAVE, request, waitMillisMax);
            }

            @Override
            public CompletableFuture<CommitOffsetsResponse> commit(CommitOffsetsRequest request, long waitMillisMax) {
                return commits.commit(request, waitMillisMax);
            }

            @Override
            public void reached(TopicPartition partition, long end) {
                commits.reached(partition, end);
            }

            @Override
            public CompletableFuture<FetchOffsetsResponse> offsets(FetchOffsetsRequest request, long waitMillisMax) {
                return calls.call(GroupRpcs.FETCH_OFFSETS, request, waitMillisMax);
            }
        };
    }

    /// Tells how far behind the groups are that this broker coordinates.
    public GroupMeters meters(MeterRegistry registry, LagDetail detail, Duration interval) {
        return new GroupMeters(
                new GroupMeters.Sources(calls, listing, lags), registry, detail, interval, timers, executor);
    }

    /// For other brokers.
    public CoordinatorApi coordinatorApi() {
        return new CoordinatorApi(calls, listing);
    }

    @Override
    public void close() {
        coordinators.close();
        timers.shutdownNow();
    }
}
