package io.weirlog.client;

import java.time.Instant;

/// A place in a partition to read from.
public sealed interface StartAt {
    /// The oldest record that is still there.
    record Earliest() implements StartAt {}

    /// The end: only what is written from now on.
    record Latest() implements StartAt {}

    /// The record with this offset.
    record AtOffset(long offset) implements StartAt {
        public AtOffset {
            if (offset < 0) {
                throw new IllegalArgumentException("offsets count from 0, " + offset + " is none");
            }
        }
    }

    /// The first record at or after this time; the end if there is none.
    record AtTimestamp(Instant timestamp) implements StartAt {}

    static StartAt earliest() {
        return new Earliest();
    }

    static StartAt latest() {
        return new Latest();
    }

    static StartAt offset(long offset) {
        return new AtOffset(offset);
    }

    static StartAt timestamp(Instant timestamp) {
        return new AtTimestamp(timestamp);
    }
}
