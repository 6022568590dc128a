package io.weirlog.server.group.core;

/// Names a static member of a group over all its lives.
public record InstanceId(String value) implements Comparable<InstanceId> {
    @Override
    public int compareTo(InstanceId that) {
        return value.compareTo(that.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
