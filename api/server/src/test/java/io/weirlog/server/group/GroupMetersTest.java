package io.weirlog.server.group;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.Duration;
import io.micrometer.core.instrument.Tags;
import io.weirlog.v1.GroupOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GroupMetersTest {
    private final GroupMeters.Rows rows = new GroupMeters.Rows();

    private void add(String group, long records, long seconds) {
        rows.add(
                Tags.of("group", group),
                GroupOffset.newBuilder()
                        .setLagRecords(records)
                        .setLagAge(Duration.newBuilder().setSeconds(seconds).setNanos(500_000_000))
                        .build());
    }

    @Test
    void aRowHasTheSumOfTheRecordsAndTheLongestTime() {
        add("a", 3, 10);
        add("a", 4, 20);
        add("a", 5, 5);
        rows.add(
                Tags.of("group", "a"), GroupOffset.newBuilder().setLagRecords(1).build());
        assertEquals(Map.of(Tags.of("group", "a"), 13.0), rows.records);
        assertEquals(Map.of(Tags.of("group", "a"), 20.5), rows.seconds);
    }

    @Test
    void whatNobodyKnowsTheTimeOfHasRecordsOnly() {
        rows.add(
                Tags.of("group", "a"), GroupOffset.newBuilder().setLagRecords(7).build());
        assertEquals(Map.of(Tags.of("group", "a"), 7.0), rows.records);
        assertEquals(Map.of(), rows.seconds);
    }

    @Test
    void theRowsOfTheLongestLagStay() {
        rows.add(
                Tags.of("group", "timeless"),
                GroupOffset.newBuilder().setLagRecords(7).build());
        add("a", 1, 10);
        add("b", 1, 30);
        add("c", 9, 20);
        rows.keepLongest(2);
        assertEquals(Map.of(Tags.of("group", "b"), 1.0, Tags.of("group", "c"), 9.0), rows.records);
        assertEquals(rows.records.keySet(), rows.seconds.keySet());
    }
}
