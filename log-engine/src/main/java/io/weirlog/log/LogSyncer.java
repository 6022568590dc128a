package io.weirlog.log;

import io.weirlog.common.Offset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// Makes a log durable, from any thread, beside the owner's appends.
final class LogSyncer {
    private static final int UNNOTED_BYTES_MAX = 64 << 10;

    private final LogContext context;
    private final LogState state;
    private final SyncedOffsetFile syncedOffsetFile;

    /// Counted by the owner before it shows a new segment.
    private final AtomicInteger directoryChanges = new AtomicInteger();
    /// How many of these are durable. Under the lock.
    private int directoryChangesSynced;
    /// Written under the lock only.
    private volatile long syncedOffset;

    /// By the owner only.
    private boolean cleanMarkerPresent;
    /// By the owner only. Whether the marker is there and nothing was written since.
    private boolean endsCleanly;

    /// How long the active segment was when the synced offset was last noted. Under the lock.
    private int notedActiveBytes;
    /// Of the syncs that have begun, those whose outcome is not known yet.
    private final AtomicInteger underWay = new AtomicInteger();
    /// How often the log has been cut, or begun anew. Under the lock.
    private long cuts;

    /// What a sync of the whole file system will have made durable.
    record Covered(long endOffset, int activeBytes, int directoryChanges, long cuts, List<Segment> completed) {}

    /// Something on disk.
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    /// @param cleanMarkerPresent whether there is a marker of a clean shutdown
    /// @param clean whether it, or an empty log, was believed
    LogSyncer(LogContext context, LogState state, long syncedOffset, boolean cleanMarkerPresent, boolean clean) {
        this.context = context;
        this.state = state;
        this.cleanMarkerPresent = cleanMarkerPresent;
        this.endsCleanly = cleanMarkerPresent && clean;
        // After anything but a clean end nobody knows whether the names were synced.
        this.directoryChanges.set(endsCleanly ? 0 : 1);
        this.syncedOffset = syncedOffset;
        this.syncedOffsetFile = new SyncedOffsetFile(context.storage(), context.directory());
    }

    void directoryChanged() {
        directoryChanges.incrementAndGet();
    }

    private boolean isDurable(LogView view) {
        return syncedOffset >= view.logEndOffset() && directoryChanges.get() == directoryChangesSynced;
    }

    long syncedOffset() {
        return syncedOffset;
    }

    /// L4: the marker of a clean shutdown goes before the first write comes. By the owner.
    void beforeWrite() throws IOException {
        if (cleanMarkerPresent) {
            CleanShutdownMarker.delete(context.storage(), context.directory());
            cleanMarkerPresent = false;
            endsCleanly = false;
        }
    }

    /// Whether the log has ended properly already, and was not written since. By the owner.
    boolean endsCleanly() {
        return endsCleanly;
    }

    /// Runs the owner's step while no sync is under way.
    synchronized void exclusively(Step step) throws IOException {
        cuts++;
        notedActiveBytes = 0;
        step.run();
    }

    /// Says, durably, that nothing from `end` on counts as synced any more. Before it is cut, or recovery would
    /// miss it.
    synchronized void lowerTo(long end) throws IOException {
        syncedOffset = Math.min(syncedOffset, end);
        syncedOffsetFile.lowerTo(syncedOffset);
    }

    /// Says that the log is empty, begins at `start`, and is so durably.
    synchronized void startAt(long start) throws IOException {
        syncedOffset = start;
        syncedOffsetFile.lowerTo(start);
    }

    /// Locked, because syncs of one file gain nothing from running beside each other: whoever waits here finds
    /// that the sync before has served it too, or serves all who came meanwhile.
    ///
    /// @return everything before this offset is durable, at least what was in the log at the time of the call
    synchronized Offset sync() throws IOException {
        state.checkWritable();
        var view = state.view();
        if (isDurable(view)) {
            return new Offset(syncedOffset);
        }
        underWay.incrementAndGet();
        try {
            syncFiles(view);
            syncedOffset = view.logEndOffset();
            syncedOffsetFile.write(syncedOffset);
            notedActiveBytes = view.activeBytes();
        } catch (SystemLimitException e) {
            throw e;
        } catch (IOException e) {
            throw state.poisonBySync(e);
        } finally {
            underWay.decrementAndGet();
        }
        return new Offset(syncedOffset);
    }

    /// A sync of the whole file system is about to begin; [#endShared] or [#failShared] tells what came of it.
    ///
    /// @return empty if there is nothing to be made durable
    synchronized Optional<Covered> beginShared() throws IOException {
        state.checkWritable();
        var view = state.view();
        if (isDurable(view)) {
            return Optional.empty();
        }
        try {
            syncedOffsetFile.open();
            // First the marks, then the sync: what is written meanwhile is synced next time.
            var changes = directoryChanges.get();
            var completed = new ArrayList<Segment>();
            for (var i = firstToSync(view); i < view.segmentCount(); i++) {
                if (view.segment(i).isCompleted()) {
                    completed.add(view.segment(i));
                }
            }
            underWay.incrementAndGet();
            return Optional.of(new Covered(view.logEndOffset(), view.activeBytes(), changes, cuts, completed));
        } catch (IOException e) {
            throw state.failed(e);
        }
    }

    /// Not locked from the beginning to the end, for a cut shall not have to wait for the disk. What has been cut
    /// meanwhile must not count as durable, so such a log is synced by itself.
    ///
    /// @return as [#sync]
    synchronized Offset endShared(Covered covered) throws IOException {
        try {
            state.checkWritable();
            if (covered.cuts() != cuts) {
                return sync();
            }
            for (var segment : covered.completed()) {
                segment.syncedWithOthers();
            }
            directoryChangesSynced = Math.max(directoryChangesSynced, covered.directoryChanges());
            if (covered.endOffset() > syncedOffset) {
                syncedOffset = covered.endOffset();
                noteIfFarBehind(covered);
            }
        } catch (LogPoisonedException e) {
            throw e;
        } catch (IOException e) {
            throw state.failed(e);
        } finally {
            underWay.decrementAndGet();
        }
        return new Offset(syncedOffset);
    }

    /// A page of the file for each log and call would double what the next call has to write. What it lags is bounded,
    /// and so is what recovery reads.
    private void noteIfFarBehind(Covered covered) throws IOException {
        if (!covered.completed().isEmpty() || covered.activeBytes() - notedActiveBytes >= UNNOTED_BYTES_MAX) {
            syncedOffsetFile.write(syncedOffset);
            notedActiveBytes = covered.activeBytes();
        }
    }

    /// L6: nobody knows what of this log has become durable.
    LogPoisonedException failShared(IOException failure) {
        try {
            return state.poisonBySync(failure);
        } finally {
            underWay.decrementAndGet();
        }
    }

    /// Whether a sync has begun of which nobody knows yet what came of it. By any thread.
    boolean isUnderWay() {
        return underWay.get() > 0;
    }

    private static int firstToSync(LogView view) {
        var first = view.segmentCount() - 1;
        while (first > 0 && !view.segment(first - 1).isDurable()) {
            first--;
        }
        return first;
    }

    /// The active segment and those that were completed since the last sync. Older ones first: what is durable
    /// shall be a prefix of the log.
    private void syncFiles(LogView view) throws IOException {
        for (var i = firstToSync(view); i < view.segmentCount(); i++) {
            view.segment(i).sync();
        }
        // Asked first: a segment that is made meanwhile is synced next time.
        var changes = directoryChanges.get();
        if (changes != directoryChangesSynced) {
            syncedOffsetFile.open();
            context.storage().syncDirectory(context.directory());
            syncedOffsetFile.sync();
            directoryChangesSynced = changes;
        }
    }

    /// The last steps of a clean shutdown; the owner has completed the active segment's indexes.
    synchronized void closeClean() throws IOException {
        var view = state.view();
        syncFiles(view);
        SegmentIndexes.sync(context, view.active().baseOffset());
        syncedOffset = view.logEndOffset();
        syncedOffsetFile.write(syncedOffset);
        syncedOffsetFile.sync();
        CleanShutdownMarker.write(
                context.storage(),
                context.directory(),
                new CleanShutdownMarker.End(view.logEndOffset(), view.activeBytes()));
    }

    /// Waits for a sync that is under way.
    synchronized void release() throws IOException {
        syncedOffsetFile.close();
    }
}
