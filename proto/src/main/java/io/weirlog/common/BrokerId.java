package io.weirlog.common;

/// The configured number of a node, `node.id`: unique in the cluster and stable over restarts.
public record BrokerId(int value) implements Comparable<BrokerId> {
    public BrokerId {
        Invariant.check(value >= 0, "negative broker id %s", value);
    }

    @Override
    public int compareTo(BrokerId that) {
        return Integer.compare(value, that.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
