package io.weirlog.server.group;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.weirlog.server.ChangingGauge;
import io.weirlog.server.config.LagDetail;
import io.weirlog.v1.DescribeGroupRequest;
import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.GroupOffset;
import io.weirlog.v1.GroupSummary;
import io.weirlog.v1.ListGroupsRequest;
import io.weirlog.v1.Routing;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How far those groups are behind that this broker coordinates. They are looked at now and then, one after the other:
/// a scrape waits for nothing, and shows what was found last. However many groups there are, at most [#GROUPS_MAX] are
/// looked at, and [#ROWS_MAX] rows told: those of the longest lag.
public final class GroupMeters implements AutoCloseable {
    static final int GROUPS_MAX = 1_000;
    static final int ROWS_MAX = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(GroupMeters.class);
    private static final long ANSWER_SECONDS_MAX = 10;

    private final GroupCalls calls;
    private final GroupListing listing;
    private final GroupLags lags;
    private final LagDetail detail;
    private final ChangingGauge records;
    private final ChangingGauge seconds;
    private final ChangingGauge members;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final ScheduledFuture<?> timer;
    private volatile boolean closed;

    /// What was found in one round. A row whose time nobody knows has records only: that is not the same as no lag.
    static final class Rows {
        final Map<Tags, Double> records = new HashMap<>();
        final Map<Tags, Double> seconds = new HashMap<>();

        /// The partitions of a row have the sum of their records, and the longest that any has waited.
        void add(Tags row, GroupOffset offset) {
            records.merge(row, (double) offset.getLagRecords(), Double::sum);
            if (offset.hasLagAge()) {
                var age = offset.getLagAge();
                seconds.merge(row, age.getSeconds() + age.getNanos() / 1e9, Math::max);
            }
        }

        void keepLongest(int rowsMax) {
            if (records.size() > rowsMax) {
                var kept = records.keySet().stream()
                        .sorted(Comparator.comparingDouble((Tags row) -> seconds.getOrDefault(row, 0.0))
                                .reversed())
                        .limit(rowsMax)
                        .collect(Collectors.toSet());
                records.keySet().retainAll(kept);
                seconds.keySet().retainAll(kept);
            }
        }
    }

    /// Where the meters learn of the groups.
    record Sources(GroupCalls calls, GroupListing listing, GroupLags lags) {}

    /// @param executor where groups are waited for
    GroupMeters(
            Sources sources,
            MeterRegistry registry,
            LagDetail detail,
            Duration interval,
            ScheduledExecutorService timers,
            Executor executor) {
        this.calls = sources.calls();
        this.listing = sources.listing();
        this.lags = sources.lags();
        this.detail = detail;
        this.records =
                new ChangingGauge("weirlog.group.lag.records", "Records that the group has not committed", registry);
        this.seconds = new ChangingGauge(
                "weirlog.group.lag.seconds", "How long the first record not committed has been there", registry);
        this.members = new ChangingGauge("weirlog.group.members", "Members of the group", registry);
        var millis = interval.toMillis();
        this.timer = timers.scheduleWithFixedDelay(
                () -> executor.execute(this::round), millis, millis, TimeUnit.MILLISECONDS);
    }

    private void round() {
        if (closed || !busy.compareAndSet(false, true)) {
            return;
        }
        try {
            look();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            LOG.debug("the lag of groups was not found", e);
        } finally {
            busy.set(false);
        }
    }

    private void look() throws InterruptedException, ExecutionException, TimeoutException {
        var groups = listing.here(
                        ListGroupsRequest.newBuilder().setPageSize(GROUPS_MAX).build())
                .get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS)
                .getGroupsList();
        var rows = new Rows();
        for (var group : groups) {
            if (closed) {
                return;
            }
            try {
                add(described(group), rows);
            } catch (ExecutionException | TimeoutException e) {
                // It has another coordinator by now, or none: the rest are told without it.
                LOG.debug("the lag of group {} was not found", group.getGroupId(), e);
            }
        }
        tell(groups, rows);
    }

    private DescribeGroupResponse described(GroupSummary group)
            throws InterruptedException, ExecutionException, TimeoutException {
        var request = DescribeGroupRequest.newBuilder()
                .setGroupId(group.getGroupId())
                .setRouting(Routing.ROUTING_LEADER_ONLY)
                .build();
        return calls.callHere(GroupRpcs.DESCRIBE_GROUP, request)
                .thenCompose(lags::added)
                .get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS);
    }

    private void add(DescribeGroupResponse group, Rows rows) {
        for (var offset : group.getOffsetsList()) {
            // Of a partition whose leader could not be asked nothing is known.
            if (offset.hasLagRecords()) {
                rows.add(tags(group.getGroupId(), offset), offset);
            }
        }
    }

    private Tags tags(String group, GroupOffset offset) {
        var tags = Tags.of("group", group);
        return switch (detail) {
            case OFF, GROUP -> tags;
            case TOPIC -> tags.and("topic", offset.getTopic());
            case PARTITION ->
                tags.and("topic", offset.getTopic(), "partition", Integer.toString(offset.getPartition()));
        };
    }

    private synchronized void tell(List<GroupSummary> groups, Rows rows) {
        if (closed) {
            return;
        }
        rows.keepLongest(ROWS_MAX);
        records.set(rows.records);
        seconds.set(rows.seconds);
        Map<Tags, Double> ofMembers = new HashMap<>();
        groups.forEach(group -> ofMembers.put(Tags.of("group", group.getGroupId()), (double) group.getMembers()));
        members.set(ofMembers);
    }

    @Override
    public synchronized void close() {
        closed = true;
        timer.cancel(false);
        for (var gauge : List.of(records, seconds, members)) {
            gauge.set(Map.of());
        }
    }
}
