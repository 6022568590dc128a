package io.weirlog.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.weirlog.common.Offset;
import io.weirlog.common.TopicId;
import io.weirlog.common.TopicPartition;
import io.weirlog.log.LogOpenException;
import io.weirlog.log.LogOpenFailure;
import io.weirlog.log.SmallFiles;
import io.weirlog.log.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `high-watermark-checkpoint`: up to where each partition of a data directory was committed at least, so that a leader
/// that comes back serves readers at once.
///
/// ```
/// 0                                    version
/// 2                                    number of lines that follow
/// <topic id> <partition> <offset>
/// <topic id> <partition> <offset>
/// crc32c=0a1b2c3d                      of everything before
/// ```
final class HighWatermarkCheckpoint {
    static final String FILE = "high-watermark-checkpoint";

    private static final Logger LOG = LoggerFactory.getLogger(HighWatermarkCheckpoint.class);
    private static final String VERSION = "0";
    private static final Pattern LINE = Pattern.compile("([0-9a-f-]{36}) (\\d{1,9}) (\\d{1,18})");

    private HighWatermarkCheckpoint() {}

    static void write(Storage storage, Path folder, Map<TopicPartition, Offset> watermarks) throws IOException {
        var text = new StringBuilder(VERSION + "\n" + watermarks.size() + "\n");
        var lines = new TreeMap<String, Offset>();
        watermarks.forEach((id, offset) -> lines.put(id.topicId() + " " + id.partition(), offset));
        lines.forEach((id, offset) -> text.append(id).append(' ').append(offset).append('\n'));
        SmallFiles.replace(storage, folder.resolve(FILE), text + "crc32c=" + crc(text.toString()) + "\n");
    }

    /// What the file holds. A damaged one counts for nothing: a watermark that is too high would show readers what may
    /// yet be lost.
    ///
    /// @throws LogOpenException if a newer program wrote it
    static Map<TopicPartition, Offset> read(Storage storage, Path folder) throws IOException {
        var file = folder.resolve(FILE);
        var lines = SmallFiles.readLines(storage, file);
        if (lines.isEmpty()) {
            return Map.of();
        }
        var version = lines.get().stream().findFirst().orElse("");
        if (version.matches("[1-9]\\d{0,8}")) {
            throw new LogOpenException(new LogOpenFailure.UnknownVersion(file, version));
        }
        var watermarks = parse(lines.get());
        if (watermarks.isEmpty()) {
            LOG.warn("{} is damaged and counts for nothing", file);
        }
        return watermarks.orElse(Map.of());
    }

    private static Optional<Map<TopicPartition, Offset>> parse(List<String> lines) {
        if (lines.size() < 3) {
            return Optional.empty();
        }
        var entries = lines.subList(2, lines.size() - 1);
        var covered = String.join("\n", lines.subList(0, lines.size() - 1)) + "\n";
        if (!lines.getLast().equals("crc32c=" + crc(covered))
                || !lines.get(0).equals(VERSION)
                || !lines.get(1).equals(Integer.toString(entries.size()))) {
            return Optional.empty();
        }
        var watermarks = new HashMap<TopicPartition, Offset>();
        for (var entry : entries) {
            var fields = LINE.matcher(entry);
            if (!fields.matches()) {
                return Optional.empty();
            }
            watermarks.put(
                    new TopicPartition(TopicId.parse(fields.group(1)), Integer.parseInt(fields.group(2))),
                    new Offset(Long.parseLong(fields.group(3))));
        }
        return Optional.of(watermarks);
    }

    private static String crc(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
