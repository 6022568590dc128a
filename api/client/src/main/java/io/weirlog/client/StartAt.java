package io.weirlog.client;

import com.google.protobuf.Timestamp;
import io.weirlog.v1.StartPosition;
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

    /// The same in the contract's words.
    static StartPosition toProto(StartAt start) {
        var proto = StartPosition.newBuilder();
        if (start instanceof Earliest) {
            proto.setEarliest(StartPosition.Earliest.getDefaultInstance());
        } else if (start instanceof Latest) {
            proto.setLatest(StartPosition.Latest.getDefaultInstance());
        } else if (start instanceof AtOffset at) {
            proto.setOffset(at.offset());
        } else if (start instanceof AtTimestamp at) {
            var time = at.timestamp();
            proto.setTimestamp(
                    Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()));
        }
        return proto.build();
    }
}
