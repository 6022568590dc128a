package io.weirlog.metadata.ratis;

import io.weirlog.metadata.StateDivergedException;
import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataCommand.CheckState;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.StateHash;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Compares the voters' states through the log (M2).
///
/// Every so many entries the active controller proposes a check. Each voter hashes its state at that entry, and the
/// active one proposes a second check that says what its own hash was. Whoever had another one has diverged, or the
/// active one has: a voter cannot tell which, so it stops, and no minority decides anything. Hashing happens beside
/// the applying thread: states are immutable.
final class StateChecks implements AutoCloseable {
    private static final int KEPT_MAX = 8;
    private static final int CLOSE_SECONDS_MAX = 5;

    private final long everyEntries;
    private final BooleanSupplier active;
    private final Consumer<byte[]> proposer;
    private final Consumer<StateDivergedException> diverged;
    /// Passes by what comes after it was closed: entries are still applied while the node stops, and an exception there
    /// would stop Ratis from stopping.
    private final ExecutorService hasher = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("metadata-state-check").factory(),
            new ThreadPoolExecutor.DiscardPolicy());
    /// Touched by the hasher's thread only.
    private final TreeMap<Long, String> ownHashes = new TreeMap<>();
    /// Touched by the applying thread only.
    private long entriesSinceCheck;

    /// @param proposer hands a command to the log; whether it gets there does not matter
    /// @param diverged told once, on the hasher's thread
    StateChecks(
            long everyEntries,
            BooleanSupplier active,
            Consumer<byte[]> proposer,
            Consumer<StateDivergedException> diverged) {
        this.everyEntries = everyEntries;
        this.active = active;
        this.proposer = proposer;
        this.diverged = diverged;
    }

    /// To be called for each command applied, by the thread that applies.
    ///
    /// @param state after it
    void applied(long index, MetadataCommand command, MetadataState state) {
        if (command instanceof CheckState check) {
            entriesSinceCheck = 0;
            hasher.execute(() -> check(check.earlier(), index, state));
        } else {
            entriesSinceCheck++;
            if (entriesSinceCheck >= everyEntries && active.getAsBoolean()) {
                entriesSinceCheck = 0;
                propose(Optional.empty());
            }
        }
    }

    private void check(Optional<StateHash> earlier, long index, MetadataState state) {
        if (earlier.isPresent()) {
            compare(earlier.get());
            return;
        }
        var hash = SnapshotCodec.hash(state);
        ownHashes.put(index, hash);
        while (ownHashes.size() > KEPT_MAX) {
            ownHashes.pollFirstEntry();
        }
        if (active.getAsBoolean()) {
            propose(Optional.of(new StateHash(index, hash)));
        }
    }

    /// A check from before this voter's snapshot is passed by. A voter that was so far behind that it got the snapshot
    /// of another one has that one's state, so there is nothing left to find.
    private void compare(StateHash proposed) {
        var own = ownHashes.get(proposed.index());
        if (own != null && !own.equals(proposed.hash())) {
            diverged.accept(new StateDivergedException(proposed.index(), own, proposed.hash()));
        }
    }

    private void propose(Optional<StateHash> earlier) {
        proposer.accept(CommandCodec.encode(new CheckState(new RequestId(UUID.randomUUID()), earlier)));
    }

    @Override
    public void close() {
        hasher.shutdownNow();
        try {
            hasher.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
