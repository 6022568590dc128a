package io.weirlog.server.produce;

import io.weirlog.replication.Acks;
import io.weirlog.replication.AppendCommand;
import io.weirlog.replication.Partitions;
import io.weirlog.v1.AppendResult;
import io.weirlog.wire.ReceivedPayload;
import java.util.function.Consumer;

/// Appends to the partitions that this broker leads; the others are refused.
final class LocalAppends implements AppendRoute {
    private final Partitions partitions;
    private final AppendAnswers answers;

    LocalAppends(Partitions partitions, AppendAnswers answers) {
        this.partitions = partitions;
        this.answers = answers;
    }

    @Override
    public void append(PartitionAppend append) {
        append(append, append.batch(), append.results());
    }

    /// @param batch the append's, or another owner of the same: closed as soon as it is not needed any more
    void append(PartitionAppend append, ReceivedPayload batch, Consumer<AppendResult> results) {
        partitions.append(
                append.id(),
                new AppendCommand(
                        batch,
                        append.recordCount(),
                        acks(append.acks()),
                        append.expectedBaseOffset(),
                        append.deadlineNanos(),
                        result -> results.accept(answers.answer(append.topic(), append.id(), result))));
    }

    private static Acks acks(io.weirlog.v1.Acks acks) {
        return switch (acks) {
            case ACKS_NONE -> Acks.NONE;
            case ACKS_LEADER -> Acks.LEADER;
            case ACKS_ALL, ACKS_UNSPECIFIED, UNRECOGNIZED -> Acks.ALL;
        };
    }
}
