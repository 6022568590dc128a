package io.weirlog.client;

import io.weirlog.common.Invariant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/// A window whose batches are numbered without gaps (KIP-98): the leader appends each once, and none before the one
/// before it. So whatever was not acknowledged can be sent again.
///
/// ```
///            sent                 refused, unknown, out of sequence
///   new ─────────────▶ on its way ──────────────────────────────────▶ waiting ─── resent ─▶ on its way
///                         │    │                                         │
///                appended ▼    ▼ rejected, or told after its time        ▼ expired
///                           done ◀───────────────────────────────────────┘
/// ```
///
/// A batch that waits goes again when nothing after it is on its way, and new ones wait until none does.
///
/// A batch that is given up, and surely is not in the log, leaves a gap: what was numbered after it is stranded, since
/// no leader will take it. So is the first of all that wait if the leader misses what was before it: that was lost, or
/// given up while nobody knew. As soon as nothing else is left, the stranded batches are numbered anew in the
/// producer's next epoch (KIP-360), in which nothing that is still under way somewhere can be appended. Those of which
/// an answer is missing cannot go along: they may be in the log under their old number.
final class SequencedWindow<B> implements SendWindow<B> {
    private final int sizeMax;
    private final ToIntFunction<B> recordCount;
    private final Deque<Entry<B>> entries = new ArrayDeque<>();
    private Optional<ProducerIdentity> producer = Optional.empty();
    private int nextSequence;
    /// What comes next has a gap before it. Stranded are some of the entries at the end, or none.
    private boolean gap;

    /// @param recordCount of a batch
    SequencedWindow(int sizeMax, ToIntFunction<B> recordCount) {
        this.sizeMax = sizeMax;
        this.recordCount = recordCount;
    }

    @Override
    public boolean isEmpty() {
        return entries.isEmpty();
    }

    @Override
    public boolean anyOnItsWay() {
        return entries.stream().anyMatch(entry -> entry.onItsWay);
    }

    @Override
    public boolean mayTakeNew() {
        return producer.isPresent()
                && !gap
                && entries.size() < sizeMax
                && entries.stream().allMatch(entry -> entry.onItsWay);
    }

    @Override
    public void sent(B batch) {
        Invariant.check(mayTakeNew(), "a batch was sent past the window of %s", sizeMax);
        var entry = new Entry<>(batch, recordCount.applyAsInt(batch));
        number(entry);
        entries.addLast(entry);
    }

    private void number(Entry<B> entry) {
        entry.sequence = nextSequence;
        nextSequence = entry.nextSequence();
    }

    @Override
    public Optional<B> nextToResend() {
        var waiting = Optional.<Entry<B>>empty();
        for (var entry : entries) {
            if (!entry.onItsWay && waiting.isEmpty()) {
                waiting = Optional.of(entry);
            } else if (entry.onItsWay && waiting.isPresent()) {
                return Optional.empty();
            }
        }
        return waiting.filter(entry -> !entry.stranded).map(entry -> entry.batch);
    }

    @Override
    public void resent(B batch) {
        find(batch).onItsWay = true;
    }

    @Override
    public Optional<ProducerNumbers> numbers(B batch) {
        return producer.map(identity -> new ProducerNumbers(identity, find(batch).sequence));
    }

    @Override
    public List<Ended<B>> appended(B batch) {
        entries.remove(find(batch));
        return List.of();
    }

    @Override
    public List<Ended<B>> unknown(B batch) {
        var entry = find(batch);
        entry.uncertain = true;
        return waits(entry);
    }

    @Override
    public List<Ended<B>> refused(B batch) {
        return waits(find(batch));
    }

    private List<Ended<B>> waits(Entry<B> entry) {
        entry.onItsWay = false;
        return entry.expired ? giveUp(entry) : List.of();
    }

    @Override
    public List<Ended<B>> rejected(B batch) {
        return giveUp(find(batch));
    }

    @Override
    public List<Ended<B>> outOfSequence(B batch) {
        var entry = find(batch);
        if (entry.equals(entries.getFirst())) {
            strandFrom(entry);
        }
        return waits(entry);
    }

    @Override
    public List<Ended<B>> expired(B batch) {
        var entry = find(batch);
        if (!entry.onItsWay) {
            return giveUp(entry);
        }
        entry.expired = true;
        return List.of(new Ended<>(batch, Fate.UNKNOWN));
    }

    private List<Ended<B>> giveUp(Entry<B> entry) {
        if (!entry.uncertain) {
            if (entry.nextSequence() == nextSequence && !entry.stranded) {
                // Nothing was numbered after it: its numbers are free again.
                nextSequence = entry.sequence;
            } else {
                strandFrom(entry);
            }
        }
        entries.remove(entry);
        return List.of(new Ended<>(entry.batch, entry.uncertain ? Fate.UNKNOWN : Fate.NOT_APPENDED));
    }

    private void strandFrom(Entry<B> first) {
        gap = true;
        var reached = false;
        for (var entry : entries) {
            reached |= entry.equals(first);
            entry.stranded |= reached;
        }
    }

    @Override
    public boolean needsProducer() {
        return producer.isEmpty() || (gap && !anyOnItsWay() && (entries.isEmpty() || entries.getFirst().stranded));
    }

    @Override
    public Optional<ProducerIdentity> producer() {
        return producer;
    }

    @Override
    public List<Ended<B>> begin(ProducerIdentity next) {
        Invariant.check(needsProducer(), "P1: %s begins while batches of %s may be appended", next, producer);
        Invariant.check(!producer.equals(Optional.of(next)), "P1: %s begins again", next);
        producer = Optional.of(next);
        nextSequence = 0;
        gap = false;
        var ended = new ArrayList<Ended<B>>();
        for (var iterator = entries.iterator(); iterator.hasNext(); ) {
            var entry = iterator.next();
            if (entry.uncertain) {
                iterator.remove();
                ended.add(new Ended<>(entry.batch, Fate.UNKNOWN));
            } else {
                entry.stranded = false;
                number(entry);
            }
        }
        return ended;
    }

    @Override
    public List<B> waiting() {
        return entries.stream()
                .filter(entry -> !entry.onItsWay)
                .map(entry -> entry.batch)
                .toList();
    }

    @Override
    public List<B> onItsWay() {
        return entries.stream()
                .filter(entry -> entry.onItsWay)
                .map(entry -> entry.batch)
                .toList();
    }

    private Entry<B> find(B batch) {
        return entries.stream()
                .filter(entry -> entry.batch.equals(batch))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the batch is not in the window"));
    }

    private static final class Entry<B> {
        private final B batch;
        private final int records;
        private int sequence;
        private boolean onItsWay = true;
        /// An attempt had no certain end: a copy may be in the log, or get there.
        private boolean uncertain;
        /// Its records were told that their time is over.
        private boolean expired;
        private boolean stranded;

        Entry(B batch, int records) {
            this.batch = batch;
            this.records = records;
        }

        int nextSequence() {
            return (sequence + records) & Integer.MAX_VALUE;
        }
    }
}
