package io.weirlog.replication;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How far the broker is with opening and recovering the partitions that it had when it started.
///
/// The rest is estimated from bytes: an hour of recovery is mostly a few large logs. They are asked for only if
/// it takes longer than [#REPORT_NANOS], for a clean start opens thousands of logs in that time.
final class RecoveryProgress {
    /// What takes no longer is not worth a word, and further words come no faster.
    static final long REPORT_NANOS = 1_000_000_000;

    private final LongSupplier nanoTime;
    private int partitions;
    private int recovered;
    private long recoveredBytes;
    private OptionalLong totalBytes = OptionalLong.empty();
    private @Nullable Long begunNanos;
    private long endedNanos;
    private long reportedNanos;
    private boolean over;
    private boolean totalAsked;

    RecoveryProgress(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /// One more is to be opened.
    ///
    /// @return to be told of the bytes of its log once it is open, or of 0 if it cannot be opened. The partition's
    ///     owner may know of it sooner, so that [#end] comes between
    synchronized LongConsumer add() {
        if (over) {
            return bytes -> {};
        }
        if (begunNanos == null) {
            begunNanos = nanoTime.getAsLong();
            reportedNanos = begunNanos;
        }
        partitions++;
        return this::opened;
    }

    private synchronized void opened(long bytes) {
        recovered++;
        recoveredBytes += bytes;
        endedNanos = nanoTime.getAsLong();
    }

    /// All that the broker started with are open: what is opened from now on is its daily work.
    synchronized void end() {
        over = true;
    }

    synchronized RecoveryState state() {
        var begun = begunNanos;
        if (begun == null) {
            return new RecoveryState(0, 0, 0, Duration.ZERO, Optional.empty());
        }
        var until = recovered == partitions ? endedNanos : nanoTime.getAsLong();
        var elapsed = Duration.ofNanos(until - begun);
        return new RecoveryState(partitions, recovered, recoveredBytes, elapsed, left(elapsed));
    }

    private Optional<Duration> left(Duration elapsed) {
        if (totalBytes.isEmpty() || recoveredBytes == 0 || recovered == partitions) {
            return Optional.empty();
        }
        var restBytes = Math.max(0, totalBytes.getAsLong() - recoveredBytes);
        var nanos = elapsed.toNanos() * ((double) restBytes / recoveredBytes);
        return Optional.of(Duration.ofNanos((long) nanos));
    }

    /// Whether it is time to find out how many bytes there are. Says so once.
    synchronized boolean wantsTotal() {
        if (totalAsked || !isUnderWay() || state().elapsed().toNanos() < REPORT_NANOS) {
            return false;
        }
        totalAsked = true;
        return true;
    }

    /// @param bytes of all logs, opened or not
    synchronized void total(long bytes) {
        totalBytes = OptionalLong.of(bytes);
    }

    private boolean isUnderWay() {
        return !over && recovered < partitions;
    }

    /// What there is to tell now; empty if there is nothing, or it is too early.
    synchronized Optional<RecoveryState> report() {
        var now = nanoTime.getAsLong();
        if (!isUnderWay() || now - reportedNanos < REPORT_NANOS) {
            return Optional.empty();
        }
        reportedNanos = now;
        return Optional.of(state());
    }
}
