package io.weirlog.common;

/// Counts the registrations of brokers: each registration gets the index of its metadata command, so a restarted broker
/// never passes for its former self (R10).
public record BrokerEpoch(long value) implements Comparable<BrokerEpoch> {
    public BrokerEpoch {
        Invariant.check(value >= 0, "negative broker epoch %s", value);
    }

    @Override
    public int compareTo(BrokerEpoch that) {
        return Long.compare(value, that.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
