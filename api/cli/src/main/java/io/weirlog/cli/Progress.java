package io.weirlog.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// A bar on a terminal; nothing anywhere else.
final class Progress implements AutoCloseable {
    private static final int WIDTH_CHARS = 79;
    private static final int UPDATE_MILLIS = 100;
    private static final long MIB = 1024 * 1024;

    private final @Nullable ProgressBar bar;

    private Progress(@Nullable ProgressBar bar) {
        this.bar = bar;
    }

    /// @param total 0 if nobody knows
    static Progress ofBytes(Streams streams, String task, long total) {
        return of(streams, task, total, " MiB", MIB);
    }

    static Progress ofRecords(Streams streams, String task, long total) {
        return of(streams, task, total, " records", 1);
    }

    private static Progress of(Streams streams, String task, long total, String unit, long unitSize) {
        if (!streams.terminal()) {
            return new Progress(null);
        }
        return new Progress(new ProgressBarBuilder()
                .setTaskName(task)
                .setUnit(unit, unitSize)
                .setInitialMax(total == 0 ? -1 : total)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setStyle(ProgressBarStyle.ASCII)
                .showSpeed()
                .setConsumer(new ConsoleProgressBarConsumer(streams.err(), WIDTH_CHARS))
                .build());
    }

    void at(long done) {
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
