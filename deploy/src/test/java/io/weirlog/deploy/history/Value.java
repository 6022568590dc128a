package io.weirlog.deploy.history;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/// Values that are sent: each only once in a history, and with a checksum, so that a damaged or invented one shows.
public final class Value {
    private Value() {}

    /// `process.count#crc`.
    public static String of(String process, long count) {
        var text = process + "." + count;
        return text + "#" + crcOf(text);
    }

    public static boolean isIntact(String value) {
        var at = value.lastIndexOf('#');
        return at >= 0 && value.substring(at + 1).equals(crcOf(value.substring(0, at)));
    }

    private static String crcOf(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(crc.getValue());
    }
}
