package io.weirlog.server.group.core;

/// Names one member of a group, for one life of its process.
public record MemberId(String value) implements Comparable<MemberId> {
    @Override
    public int compareTo(MemberId that) {
        return value.compareTo(that.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
