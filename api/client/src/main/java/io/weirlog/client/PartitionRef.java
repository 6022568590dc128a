package io.weirlog.client;

import java.util.Comparator;

/// A partition by its topic's name; `partition` counts from 0.
public record PartitionRef(String topic, int partition) implements Comparable<PartitionRef> {
    private static final Comparator<PartitionRef> ORDER =
            Comparator.comparing(PartitionRef::topic).thenComparingInt(PartitionRef::partition);

    public PartitionRef {
        if (partition < 0) {
            throw new IllegalArgumentException("partitions count from 0, " + partition + " is none");
        }
    }

    @Override
    public int compareTo(PartitionRef that) {
        return ORDER.compare(this, that);
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
