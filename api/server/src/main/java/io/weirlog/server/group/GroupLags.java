package io.weirlog.server.group;

import io.weirlog.v1.DescribeGroupResponse;
import io.weirlog.v1.GroupOffset;
import io.weirlog.v1.ListOffsetsPartition;
import io.weirlog.v1.ListedOffset;
import io.weirlog.v1.StartPosition;
import java.util.ArrayList;
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

    GroupLags(LogEnds ends) {
        this.ends = ends;
    }

    CompletableFuture<DescribeGroupResponse> added(DescribeGroupResponse group) {
        List<ListOffsetsPartition> queries = new ArrayList<>();
        for (var offset : group.getOffsetsList()) {
            if (!offset.getTopic().isEmpty()) {
                queries.add(query(offset, EARLIEST));
                queries.add(query(offset, LATEST));
            }
        }
        return ends.list(queries).thenApply(listed -> with(group, listed));
    }

    private static ListOffsetsPartition query(GroupOffset offset, StartPosition position) {
        return ListOffsetsPartition.newBuilder()
                .setTopic(offset.getTopic())
                .setTopicId(offset.getTopicId())
                .setPartition(offset.getPartition())
                .setPosition(position)
                .build();
    }

    private static DescribeGroupResponse with(DescribeGroupResponse group, List<ListedOffset> listed) {
        var answer = group.toBuilder().clearOffsets();
        var next = listed.iterator();
        for (var offset : group.getOffsetsList()) {
            answer.addOffsets(offset.getTopic().isEmpty() ? offset : with(offset, next.next(), next.next()));
        }
        return answer.build();
    }

    private static GroupOffset with(GroupOffset offset, ListedOffset earliest, ListedOffset latest) {
        var answer = offset.toBuilder();
        if (earliest.hasOffset()) {
            answer.setLogStartOffset(earliest.getOffset());
        }
        if (latest.hasOffset()) {
            answer.setHighWatermark(latest.getOffset());
            // Without a commit the group would begin at the front, as far as anybody here knows.
            var next = offset.hasCommitted() ? offset.getCommitted().getNextOffset() : earliest.getOffset();
            answer.setLagRecords(Math.max(0, latest.getOffset() - Math.max(next, earliest.getOffset())));
        }
        return answer.build();
    }
}
