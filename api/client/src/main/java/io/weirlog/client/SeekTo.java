package io.weirlog.client;

import java.time.Duration;

/// Where a group is to read on.
public sealed interface SeekTo {
    /// At a place that can be named without the group.
    record Position(StartAt position) implements SeekTo {}

    /// At the first record of this age or younger.
    record Age(Duration age) implements SeekTo {
        public Age {
            Checks.notNegative("age", age);
        }
    }

    /// So many records further than what is committed, or back if negative; it stays within the log.
    record Shift(long records) implements SeekTo {}

    static SeekTo position(StartAt position) {
        return new Position(position);
    }

    static SeekTo age(Duration age) {
        return new Age(age);
    }

    static SeekTo shift(long records) {
        return new Shift(records);
    }
}
