package io.weirlog.cli;

import java.time.Duration;
import java.util.Locale;

/// Counts, sizes and rates for people.
final class Quantities {
    private Quantities() {}

    /// `1 record`, `1,024 records`.
    static String count(long count, String thing) {
        return count(count, thing, thing + "s");
    }

    /// For words with a plural of their own.
    static String count(long count, String thing, String things) {
        return number(count) + " " + (count == 1 ? thing : things);
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /// In powers of 1024, with one digit after the point.
    static String bytes(long bytes) {
        var units = new String[] {"B", "KiB", "MiB", "GiB", "TiB"};
        double amount = bytes;
        int unit = 0;
        while (unit < units.length - 1 && amount >= 1024) {
            amount /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", amount, units[unit]);
    }

    static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1_000.0);
    }

    /// `12 records, 1.5 KiB in 0.5 s (24 records/s)`; without a rate when it was too short to measure one.
    static String work(long records, long bytes, Duration duration) {
        var text = count(records, "record") + ", " + bytes(bytes) + " in " + seconds(duration);
        long millis = duration.toMillis();
        return millis < 10 ? text : text + " (" + number(records * 1_000 / millis) + " records/s)";
    }
}
