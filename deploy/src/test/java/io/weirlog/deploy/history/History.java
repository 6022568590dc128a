package io.weirlog.deploy.history;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Writes down what clients do and see, from any thread, in the order in which it happens.
public final class History {
    private final AtomicLong sends = new AtomicLong();
    private final List<Entry> entries = new ArrayList<>();

    /// A number that no other send of this history has; larger than those that were drawn before.
    public long nextSend() {
        return sends.incrementAndGet();
    }

    public synchronized void add(Entry entry) {
        entries.add(entry);
    }

    public synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }

    /// How many sends were acknowledged so far.
    public synchronized long acks() {
        return entries.stream().filter(Entry.SendAcked.class::isInstance).count();
    }
}
