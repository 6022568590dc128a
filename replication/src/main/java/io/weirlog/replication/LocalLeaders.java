package io.weirlog.replication;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.ReadResult;
import io.weirlog.replication.core.FollowerMessage;
import io.weirlog.replication.core.LeaderMessage;
import io.weirlog.replication.link.FollowerStream;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// The partitions that this broker leads, as the streams from brokers that follow them need them.
final class LocalLeaders implements FollowerStream.Leaders {
    private final HostedPartitions hosted;
    private final ReplicationStats stats;

    LocalLeaders(HostedPartitions hosted, ReplicationStats stats) {
        this.hosted = hosted;
        this.stats = stats;
    }

    @Override
    public boolean said(FollowerStream stream, TopicPartition partition, FollowerMessage message) {
        var host = hosted.find(partition);
        if (host.isEmpty() || hosted.isClosing()) {
            return false;
        }
        try {
            host.get().shard().executeFor(host.get(), () -> host.get().said(stream, message));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    @Override
    public void gone(FollowerStream stream) {
        hosted.tellAll(host -> host.gone(stream));
    }

    @Override
    public void violated(FollowerStream stream) {
        stats.refuse(BadInput.CREDIT);
    }

    @Override
    public Optional<FollowerStream.Read> read(TopicPartition partition, Offset from, int bytesMax) throws IOException {
        if (!(hosted.find(partition).map(PartitionHost::view).orElse(null) instanceof PartitionView.Leading leading)) {
            return Optional.empty();
        }
        var log = leading.log();
        var start = log.logStartOffset();
        return switch (log.read(from.isBefore(start) ? start : from, bytesMax, log.logEndOffset())) {
            // A log may begin within a batch: whoever asks for that batch's beginning is sent the whole batch.
            case ReadResult.Slice(var slice)
            when from.isBefore(start) && !slice.baseOffset().equals(from) -> {
                slice.close();
                yield Optional.empty();
            }
            case ReadResult.Slice(var slice) -> {
                var progress = new LeaderMessage.Progress(leading.highWatermark(), log.logStartOffset());
                yield Optional.of(new FollowerStream.Read(slice, progress));
            }
            case ReadResult.OutOfRange outOfRange -> Optional.empty();
        };
    }
}
