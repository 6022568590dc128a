package io.weirlog.common;

/// Counts the leaders of one partition: every election raises it (KIP-101). At most one broker leads in an epoch (R3).
public record LeaderEpoch(int value) implements Comparable<LeaderEpoch> {
    public LeaderEpoch {
        Invariant.check(value >= 0, "negative leader epoch %s", value);
    }

    @Override
    public int compareTo(LeaderEpoch that) {
        return Integer.compare(value, that.value);
    }

    public LeaderEpoch next() {
        return new LeaderEpoch(Math.incrementExact(value));
    }

    public boolean isAfter(LeaderEpoch that) {
        return value > that.value;
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
