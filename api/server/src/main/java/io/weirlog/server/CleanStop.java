package io.weirlog.server;

import io.weirlog.common.BrokerEpoch;
import io.weirlog.metadata.codec.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// The record of a broker's life that ended with all logs flushed and closed: only such a broker is still trusted to
/// have all that it acknowledged (R10, KIP-966).
///
/// ```
/// weirlog-clean-stop 1
/// broker.epoch=42
/// crc32c=0a1b2c3d
/// ```
final class CleanStop {
    private static final Pattern TEXT = Pattern.compile("""
            (weirlog-clean-stop 1
            broker\\.epoch=([0-9]{1,18})
            )crc32c=([0-9a-f]{8})
            """);

    private CleanStop() {}

    /// Reads the record and makes it disappear, durably: what is written from now on is not covered by it. A damaged
    /// record counts for nothing.
    static Optional<BrokerEpoch> take(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var fields = TEXT.matcher(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
        boolean sound = fields.matches() && crc(fields.group(1)).equals(fields.group(3));
        Files.delete(file);
        AtomicFile.syncDirectory(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        return sound ? Optional.of(new BrokerEpoch(Long.parseLong(fields.group(2)))) : Optional.empty();
    }

    static void write(Path file, BrokerEpoch epoch) throws IOException {
        var text = "weirlog-clean-stop 1\nbroker.epoch=" + epoch + "\n";
        AtomicFile.write(file, (text + "crc32c=" + crc(text) + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String crc(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return String.format("%08x", crc.getValue());
    }
}
