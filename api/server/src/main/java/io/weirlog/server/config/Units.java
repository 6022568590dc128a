package io.weirlog.server.config;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/// Sizes such as `64MiB` and durations such as `30s`, read and written.
public final class Units {
    private static final Pattern QUANTITY = Pattern.compile("(\\d{1,18})\\s*([A-Za-z]*)");
    private static final long KIB = 1024;
    private static final Map<String, Long> BYTES = Map.ofEntries(
            Map.entry("", 1L),
            Map.entry("B", 1L),
            Map.entry("KiB", KIB),
            Map.entry("MiB", KIB * KIB),
            Map.entry("GiB", KIB * KIB * KIB),
            Map.entry("TiB", KIB * KIB * KIB * KIB),
            Map.entry("kB", 1_000L),
            Map.entry("KB", 1_000L),
            Map.entry("MB", 1_000_000L),
            Map.entry("GB", 1_000_000_000L),
            Map.entry("TB", 1_000_000_000_000L));
    private static final Map<String, Long> MILLIS =
            Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "min", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

    private Units() {}

    /// A plain number is bytes; `KiB`, `MiB`, … are powers of 1024 and `kB`, `MB`, … of 1000. Throws
    /// [IllegalArgumentException] for anything else, numbers beyond a long included.
    public static long parseBytes(String text) {
        return quantity(text, BYTES);
    }

    /// A number with its unit: `ms`, `s`, `m` (or `min`), `h`, `d`. A bare number is refused with
    /// [IllegalArgumentException], for nobody can tell seconds from milliseconds in it.
    public static Duration parseDuration(String text) {
        return Duration.ofMillis(quantity(text, MILLIS));
    }

    private static long quantity(String text, Map<String, Long> units) {
        var matcher = QUANTITY.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a quantity: " + text);
        }
        var factor = units.get(matcher.group(2));
        if (factor == null) {
            throw new IllegalArgumentException("unknown unit in " + text);
        }
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), factor);
        } catch (ArithmeticException tooLarge) {
            throw new IllegalArgumentException("too large: " + text, tooLarge);
        }
    }

    /// In the largest unit that divides it, so that it reads back as the same number.
    public static String showBytes(long bytes) {
        var units = new String[] {"B", "KiB", "MiB", "GiB", "TiB"};
        int unit = 0;
        long amount = bytes;
        while (unit < units.length - 1 && amount >= KIB && amount % KIB == 0) {
            amount /= KIB;
            unit++;
        }
        return amount + units[unit];
    }

    /// In the largest unit that divides it, so that it reads back as the same duration (of whole milliseconds).
    public static String showDuration(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0 || millis % 1_000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1_000;
        if (seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds % 3_600 == 0) {
            return seconds / 3_600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
