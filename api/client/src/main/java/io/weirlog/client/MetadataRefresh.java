package io.weirlog.client;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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
    private final Set<String> wanted = new LinkedHashSet<>();
    private long askedNanos = System.nanoTime() - PAUSE_NANOS;
    private boolean asking;

    MetadataRefresh(MetadataCache metadata, Consumer<Runnable> mailbox) {
        this.metadata = metadata;
        this.mailbox = mailbox;
    }

    /// Says that what is known of a topic seems to be old.
    void want(String topic) {
        if (wanted.size() < TOPICS_MAX) {
            wanted.add(topic);
        }
    }

    /// @param topics those in use
    void askIfDue(long nowNanos, Supplier<Collection<String>> topics) {
        var ageNanos = nowNanos - askedNanos;
        if (asking || ageNanos < (wanted.isEmpty() ? AGE_NANOS_MAX : PAUSE_NANOS)) {
            return;
        }
        askedNanos = nowNanos;
        if (wanted.isEmpty()) {
            topics.get().forEach(this::want);
        }
        if (!wanted.isEmpty()) {
            asking = true;
            metadata.refresh(List.copyOf(wanted), () -> mailbox.accept(() -> asking = false));
            wanted.clear();
        }
    }
}
