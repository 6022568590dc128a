package io.weirlog.common;

import java.util.Comparator;

/// One partition of one creation of a topic; `partition` counts from 0.
public record TopicPartition(TopicId topicId, int partition) implements Comparable<TopicPartition> {
    private static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topicId).thenComparingInt(TopicPartition::partition);

    public TopicPartition {
        Invariant.check(partition >= 0, "negative partition %s", partition);
    }

    @Override
    public int compareTo(TopicPartition that) {
        return ORDER.compare(this, that);
    }

    @Override
    public String toString() {
        return topicId + "-" + partition;
    }
}
