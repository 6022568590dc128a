package io.weirlog.client;

import io.weirlog.common.Invariant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// The batches of one partition that were sent and are not done, in the order of their records. Pure; it decides what
/// may be sent so that the log never holds them in another order.
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
final class SendWindow<B> {
    private final int sizeMax;
    private final Deque<Entry<B>> entries = new ArrayDeque<>();

    SendWindow(int sizeMax) {
        this.sizeMax = sizeMax;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    boolean anyOnItsWay() {
        return entries.stream().anyMatch(entry -> entry.onItsWay);
    }

    boolean mayTakeNew() {
        return entries.size() < sizeMax && entries.stream().allMatch(entry -> entry.onItsWay);
    }

    void sent(B batch) {
        Invariant.check(mayTakeNew(), "a batch was sent past the window of %s", sizeMax);
        entries.addLast(new Entry<>(batch));
    }

    /// The batch is in the log, or may be. Returns the earlier ones that may not be sent again because of this:
    /// they are done as well.
    List<B> appended(B batch) {
        var overtaken = new ArrayList<B>();
        for (var iterator = entries.iterator(); iterator.hasNext(); ) {
            var entry = iterator.next();
            if (entry.batch.equals(batch)) {
                iterator.remove();
                return overtaken;
            }
            entry.overtaken = true;
            if (!entry.onItsWay) {
                iterator.remove();
                overtaken.add(entry.batch);
            }
        }
        throw missing();
    }

    /// True if the batch will be sent again; false if a later one is in the log already, then this one is done.
    boolean refused(B batch) {
        var entry = find(batch);
        if (entry.overtaken) {
            entries.remove(entry);
            return false;
        }
        entry.onItsWay = false;
        return true;
    }

    /// The batch is not in the log and will not be sent again.
    void notAppended(B batch) {
        entries.remove(find(batch));
    }

    /// The first refused batch, if it may go now; [#resent] says that it did.
    Optional<B> nextToResend() {
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

    void resent(B batch) {
        find(batch).onItsWay = true;
    }

    /// The refused batches, in order.
    List<B> refused() {
        return entries.stream()
                .filter(entry -> !entry.onItsWay)
                .map(entry -> entry.batch)
                .toList();
    }

    List<B> onItsWay() {
        return entries.stream()
                .filter(entry -> entry.onItsWay)
                .map(entry -> entry.batch)
                .toList();
    }

    private Entry<B> find(B batch) {
        return entries.stream()
                .filter(entry -> entry.batch.equals(batch))
                .findFirst()
                .orElseThrow(SendWindow::missing);
    }

    private static IllegalStateException missing() {
        return new IllegalStateException("the batch is not in the window");
    }

    private static final class Entry<B> {
        private final B batch;
        private boolean onItsWay = true;
        private boolean overtaken;

        Entry(B batch) {
            this.batch = batch;
        }
    }
}
