package io.weirlog.client;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// When the sender asks for fresh metadata: when something hints that it is old, but one request at a time and not too
/// often. Belongs to the sender's thread.
final class MetadataRefresh {
    private static final long PAUSE_NANOS = Duration.ofMillis(50).toNanos();
    /// How often to look for added partitions when nothing else asks.
    private static final long AGE_NANOS_MAX = Duration.ofMinutes(5).toNanos();
    private static final int TOPICS_MAX = 1_000;

    private final MetadataCache metadata;
    private final Consumer<Runnable> mailbox;
    private long askedNanos = System.nanoTime();
    private boolean asking;
    private boolean wanted;

    MetadataRefresh(MetadataCache metadata, Consumer<Runnable> mailbox) {
        this.metadata = metadata;
        this.mailbox = mailbox;
    }

    void want() {
        wanted = true;
    }

    /// @param topics those in use
    void askIfDue(long nowNanos, Supplier<List<String>> topics) {
        var ageNanos = nowNanos - askedNanos;
        if (asking || ageNanos < (wanted ? PAUSE_NANOS : AGE_NANOS_MAX)) {
            return;
        }
        askedNanos = nowNanos;
        wanted = false;
        var names = topics.get().stream().distinct().limit(TOPICS_MAX).toList();
        if (!names.isEmpty()) {
            asking = true;
            metadata.refresh(names, () -> mailbox.accept(() -> asking = false));
        }
    }
}
