package io.weirlog.common;

/// The position of a record in its partition, counted from 0. An end is one past the last record covered: ranges are
/// half-open, so an empty log needs no -1.
public record Offset(long value) implements Comparable<Offset> {
    public Offset {
        Invariant.check(value >= 0, "negative offset %s", value);
    }

    @Override
    public int compareTo(Offset that) {
        return Long.compare(value, that.value);
    }

    public static final Offset ZERO = new Offset(0);

    public boolean isAfter(Offset that) {
        return value > that.value;
    }

    public boolean isBefore(Offset that) {
        return value < that.value;
    }

    public Offset plus(long records) {
        return new Offset(Math.addExact(value, records));
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
