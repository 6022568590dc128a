package io.weirlog.server.produce;

import io.weirlog.common.TopicPartition;
import io.weirlog.replication.Acks;
import io.weirlog.replication.AppendCommand;
import io.weirlog.replication.PartitionView;
import io.weirlog.replication.Partitions;
import io.weirlog.server.DiskReserve;
import io.weirlog.server.ServerProblems;
import io.weirlog.server.request.RequestWatch;
import io.weirlog.v1.AppendResult;
import io.weirlog.wire.ReceivedPayload;
import java.util.function.Consumer;

/// Appends to the partitions that this broker leads; the others are refused.
final class LocalAppends implements AppendRoute {
    private final Partitions partitions;
    private final AppendAnswers answers;
    private final DiskReserve disk;
    private final RequestWatch watch;

    LocalAppends(Partitions partitions, ProducerApi.Surroundings surroundings, AppendAnswers answers) {
        this.partitions = partitions;
        this.disk = surroundings.disk();
        this.watch = surroundings.watch();
        this.answers = answers;
    }

    @Override
    public void append(PartitionAppend append) {
        append(append, append.batch(), append.results());
    }

    /// @param batch the append's, or another owner of the same: closed as soon as it is not needed any more
    void append(PartitionAppend append, ReceivedPayload batch, Consumer<AppendResult> results) {
        if (disk.anyIsFull() && isOnFullDisk(append.id())) {
            batch.close();
            int partition = append.id().partition();
            results.accept(AppendAnswers.notAppended(
                    partition, ServerProblems.diskFull(append.topic(), partition, disk.reserveBytes())));
            return;
        }
        partitions.append(
                append.id(),
                new AppendCommand(
                        batch,
                        append.recordCount(),
                        acks(append.acks()),
                        append.expectedBaseOffset(),
                        append.deadlineNanos(),
                        watch.append(
                                append.topic(),
                                append.id(),
                                result -> results.accept(answers.answer(append.topic(), append.id(), result)))));
    }

    private boolean isOnFullDisk(TopicPartition id) {
        return partitions
                .view(id)
                .map(view -> switch (view) {
                    case PartitionView.Leading leading ->
                        disk.isFull(leading.log().directory());
                    // It is refused for not leading.
                    case PartitionView.Opening _,
                            PartitionView.Following _,
                            PartitionView.Failed _,
                            PartitionView.Closed _ -> false;
                })
                .orElse(false);
    }

    private static Acks acks(io.weirlog.v1.Acks acks) {
        return switch (acks) {
            case ACKS_NONE -> Acks.NONE;
            case ACKS_LEADER -> Acks.LEADER;
            case ACKS_ALL, ACKS_UNSPECIFIED, UNRECOGNIZED -> Acks.ALL;
        };
    }
}
