package io.weirlog.client;

import io.weirlog.common.Invariant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// A window of batches that the leader cannot tell when they come twice: what may be in the log is not sent again.
///
/// ```
///            sent                    refused
///   new ─────────────▶ on its way ─────────────▶ refused ──┬─ resent ─▶ on its way
///                         │    │                           └─ a later one is, or may be, in the log: overtaken, done
///                appended ▼    ▼ notAppended
///                           done
/// ```
///
/// A refused batch goes again only when nothing after it is on its way, and new ones wait until none is refused.
final class OrderedWindow<B> implements SendWindow<B> {
    private final int sizeMax;
    private final Deque<Entry<B>> entries = new ArrayDeque<>();

    OrderedWindow(int sizeMax) {
        this.sizeMax = sizeMax;
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
        return entries.size() < sizeMax && entries.stream().allMatch(entry -> entry.onItsWay);
    }

    @Override
    public void sent(B batch) {
        Invariant.check(mayTakeNew(), "a batch was sent past the window of %s", sizeMax);
        entries.addLast(new Entry<>(batch));
    }

    @Override
    public Optional<B> nextToResend() {
        var refused = Optional.<B>empty();
        for (var entry : entries) {
            if (!entry.onItsWay && refused.isEmpty()) {
                refused = Optional.of(entry.batch);
            } else if (entry.onItsWay && refused.isPresent()) {
                return Optional.empty();
            }
        }
        return refused;
    }

    @Override
    public void resent(B batch) {
        find(batch).onItsWay = true;
    }

    @Override
    public Optional<ProducerNumbers> numbers(B batch) {
        return Optional.empty();
    }

    /// Earlier batches may not be sent again because of this: those that wait are done as well.
    @Override
    public List<Ended<B>> appended(B batch) {
        var overtaken = new ArrayList<Ended<B>>();
        for (var iterator = entries.iterator(); iterator.hasNext(); ) {
            var entry = iterator.next();
            if (entry.batch.equals(batch)) {
                iterator.remove();
                return overtaken;
            }
            entry.overtaken = true;
            if (!entry.onItsWay) {
                iterator.remove();
                overtaken.add(new Ended<>(entry.batch, Fate.OVERTAKEN));
            }
        }
        throw missing();
    }

    @Override
    public List<Ended<B>> unknown(B batch) {
        var ended = new ArrayList<Ended<B>>();
        ended.add(new Ended<>(batch, Fate.UNKNOWN));
        ended.addAll(appended(batch));
        return ended;
    }

    @Override
    public List<Ended<B>> refused(B batch) {
        var entry = find(batch);
        if (entry.overtaken || entry.expired) {
            entries.remove(entry);
            return List.of(new Ended<>(batch, entry.overtaken ? Fate.OVERTAKEN : Fate.NOT_APPENDED));
        }
        entry.onItsWay = false;
        return List.of();
    }

    @Override
    public List<Ended<B>> rejected(B batch) {
        entries.remove(find(batch));
        return List.of(new Ended<>(batch, Fate.NOT_APPENDED));
    }

    @Override
    public List<Ended<B>> outOfSequence(B batch) {
        return rejected(batch);
    }

    @Override
    public List<Ended<B>> expired(B batch) {
        var entry = find(batch);
        if (!entry.onItsWay) {
            return rejected(batch);
        }
        entry.expired = true;
        return List.of(new Ended<>(batch, Fate.UNKNOWN));
    }

    @Override
    public boolean needsProducer() {
        return false;
    }

    @Override
    public Optional<ProducerIdentity> producer() {
        return Optional.empty();
    }

    @Override
    public List<Ended<B>> begin(ProducerIdentity next) {
        throw new IllegalStateException("batches without numbers have no producer");
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
                .orElseThrow(OrderedWindow::missing);
    }

    private static IllegalStateException missing() {
        return new IllegalStateException("the batch is not in the window");
    }

    private static final class Entry<B> {
        private final B batch;
        private boolean onItsWay = true;
        private boolean overtaken;
        private boolean expired;

        Entry(B batch) {
            this.batch = batch;
        }
    }
}
