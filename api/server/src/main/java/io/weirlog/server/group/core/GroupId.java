package io.weirlog.server.group.core;

/// Names a consumer group in its cluster.
public record GroupId(String value) implements Comparable<GroupId> {
    @Override
    public int compareTo(GroupId that) {
        return value.compareTo(that.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
