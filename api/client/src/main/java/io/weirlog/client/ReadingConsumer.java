package io.weirlog.client;

import java.util.Collection;
import java.util.OptionalLong;
import java.util.Set;

/// What consumers over a stream have in common: whatever their [PartitionReader] does for them, for one user at a time.
abstract class ReadingConsumer implements Consumer {
    final SingleUser use = new SingleUser("consumer");
    final PartitionReader reader;

    ReadingConsumer(PartitionReader reader) {
        this.reader = reader;
    }

    @Override
    public final Set<PartitionRef> assignment() {
        return use.alone(() -> reader.partitions(reading -> true));
    }

    @Override
    public final Set<PartitionRef> paused() {
        return use.alone(() -> reader.partitions(PartitionReading::isPaused));
    }

    @Override
    public final OptionalLong position(PartitionRef partition) {
        return use.alone(() -> reader.position(partition));
    }

    @Override
    public final void seek(PartitionRef partition, StartAt position) {
        use.alone(() -> {
            reader.seek(partition, position);
            return partition;
        });
    }

    @Override
    public final void pause(Collection<PartitionRef> partitions) {
        use.alone(() -> {
            reader.pause(partitions);
            return partitions;
        });
    }

    @Override
    public final void resume(Collection<PartitionRef> partitions) {
        use.alone(() -> {
            reader.resume(partitions);
            return partitions;
        });
    }

    @Override
    public final boolean caughtUp() {
        return use.alone(() -> !hasToTell() && reader.isCaughtUp());
    }

    /// Whether the next poll has something to tell, even if nothing arrives.
    abstract boolean hasToTell();

    @Override
    public final boolean caughtUp(PartitionRef partition) {
        return use.alone(() -> reader.isCaughtUp(partition));
    }
}
