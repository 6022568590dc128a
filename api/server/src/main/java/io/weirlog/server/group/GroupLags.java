package io.weirlog.server.group;

import com.google.protobuf.Duration;
import io.weirlog.server.RecordCodec;
import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.GroupOffset;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.StartPosition;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Adds to a group's offsets where the partitions begin and end, and how far the group is behind.
final class GroupLags {
    private static final StartPosition EARLIEST = StartPosition.newBuilder()
            .setEarliest(StartPosition.Earliest.getDefaultInstance())
            .build();
    private static final StartPosition LATEST = StartPosition.newBuilder()
            .setLatest(StartPosition.Latest.getDefaultInstance())
            .build();

    private final LogEnds ends;
    private final InstantSource clock;

    GroupLags(LogEnds ends, InstantSource clock) {
        this.ends = ends;
        this.clock = clock;
    }

    CompletableFuture<DescribeGroupResponse> added(DescribeGroupResponse group) {
        List<ListOffsetsPartition> queries = new ArrayList<>();
        for (var offset : group.getOffsetsList()) {
            if (!offset.getTopic().isEmpty()) {
                queries.add(query(offset, EARLIEST));
                queries.add(query(offset, LATEST));
                queries.add(query(offset, next(offset)));
            }
        }
        return ends.list(queries).thenApply(listed -> with(group, listed));
    }

    /// Where the group reads on; without a commit it would begin at the front, as far as anybody here knows.
    private static StartPosition next(GroupOffset offset) {
        return offset.hasCommitted()
                ? StartPosition.newBuilder()
                        .setOffset(offset.getCommitted().getNextOffset())
                        .build()
                : EARLIEST;
    }

    private static ListOffsetsPartition query(GroupOffset offset, StartPosition position) {
        return ListOffsetsPartition.newBuilder()
                .setTopic(offset.getTopic())
                .setTopicId(offset.getTopicId())
                .setPartition(offset.getPartition())
                .setPosition(position)
                .build();
    }

    private DescribeGroupResponse with(DescribeGroupResponse group, List<ListedOffset> listed) {
        var nowMillis = clock.millis();
        var answer = group.toBuilder().clearOffsets();
        var next = listed.iterator();
        for (var offset : group.getOffsetsList()) {
            answer.addOffsets(offset.getTopic().isEmpty() ? offset : with(offset, next, nowMillis));
        }
        return answer.build();
    }

    /// @param listed the next of it are the partition's three
    private static GroupOffset with(GroupOffset offset, Iterator<ListedOffset> listed, long nowMillis) {
        var earliest = listed.next();
        var latest = listed.next();
        var at = listed.next();
        var answer = offset.toBuilder();
        if (earliest.hasOffset()) {
            answer.setLogStartOffset(earliest.getOffset());
        }
        if (latest.hasOffset()) {
            answer.setHighWatermark(latest.getOffset());
            var next = offset.hasCommitted() ? offset.getCommitted().getNextOffset() : earliest.getOffset();
            var lag = Math.max(0, latest.getOffset() - Math.max(next, earliest.getOffset()));
            answer.setLagRecords(lag);
            // What was committed may be deleted by now: then the first record that is left counts.
            var unread = next < earliest.getOffset() ? earliest : at;
            if (lag == 0) {
                answer.setLagAge(Duration.getDefaultInstance());
            } else if (unread.hasTimestamp()) {
                answer.setLagAge(duration(Math.max(0, nowMillis - RecordCodec.millis(unread.getTimestamp()))));
            }
        }
        return answer.build();
    }

    private static Duration duration(long millis) {
        return Duration.newBuilder()
                .setSeconds(millis / 1000)
                .setNanos((int) (millis % 1000) * 1_000_000)
                .build();
    }
}
