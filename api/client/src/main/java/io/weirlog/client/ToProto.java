package io.weirlog.client;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.weirlog.v1.ElectionKind;
import io.weirlog.v1.StartPosition;
import java.util.concurrent.TimeUnit;

/// Writes the client's own types in the contract's words.
final class ToProto {
    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private ToProto() {}

    /// Of any length: `toNanos()` ends at 292 years.
    static Duration duration(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }

    static Duration nanos(long nanos) {
        return Duration.newBuilder()
                .setSeconds(nanos / NANOS_PER_SECOND)
                .setNanos((int) (nanos % NANOS_PER_SECOND))
                .build();
    }

    static ElectionKind kind(LeaderElection kind) {
        return switch (kind) {
            case PREFERRED -> ElectionKind.ELECTION_KIND_PREFERRED;
            case UNCLEAN -> ElectionKind.ELECTION_KIND_UNCLEAN;
        };
    }

    static io.weirlog.v1.PartitionRef partition(PartitionRef partition) {
        return io.weirlog.v1.PartitionRef.newBuilder()
                .setTopic(partition.topic())
                .setPartition(partition.partition())
                .build();
    }

    static StartPosition start(StartAt start) {
        var proto = StartPosition.newBuilder();
        if (start instanceof StartAt.Earliest) {
            proto.setEarliest(StartPosition.Earliest.getDefaultInstance());
        } else if (start instanceof StartAt.Latest) {
            proto.setLatest(StartPosition.Latest.getDefaultInstance());
        } else if (start instanceof StartAt.AtOffset at) {
            proto.setOffset(at.offset());
        } else if (start instanceof StartAt.AtTimestamp at) {
            var time = at.timestamp();
            proto.setTimestamp(
                    Timestamp.newBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano()));
        }
        return proto.build();
    }
}
