package io.weirlog.log.inspect;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.weirlog.log.TransactionIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The files of one partition's log on the real file system, by their public names.
///
/// @param segments base offsets, ascending
public record LogFiles(Path directory, List<Long> segments) {
    public static final String LOG = ".log";
    public static final String OFFSET_INDEX = ".index";
    public static final String TIME_INDEX = ".timeindex";
    public static final String TRANSACTION_INDEX = ".txnindex";
    public static final String SNAPSHOT = ".snapshot";
    public static final String EPOCHS = "leader-epoch-checkpoint";
    public static final String METADATA = "partition.metadata";
    public static final String CLEAN_SHUTDOWN = "clean-shutdown";
    public static final String SYNCED_OFFSET = "synced-offset";
    public static final String LOG_START = "log-start-offset";

    private static final Pattern NAME = Pattern.compile("(0\\d{19})(\\.[a-z]+)");
    private static final long SMALL_BYTES_MAX = 16 << 20;

    public LogFiles {
        segments = List.copyOf(segments);
    }

    /// The logs in a directory: itself if it is one, else those of its subdirectories that are.
    ///
    /// @throws NotDirectoryException if it is no directory
    public static List<LogFiles> find(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        if (isLog(directory)) {
            return List.of(of(directory));
        }
        var logs = new ArrayList<LogFiles>();
        try (var entries = Files.list(directory)) {
            for (var entry : entries.filter(Files::isDirectory).sorted().toList()) {
                if (isLog(entry)) {
                    logs.add(of(entry));
                }
            }
        }
        return logs;
    }

    private static boolean isLog(Path directory) throws IOException {
        return Files.exists(directory.resolve(METADATA))
                || !of(directory).segments().isEmpty();
    }

    private static LogFiles of(Path directory) throws IOException {
        return new LogFiles(directory, offsetsOf(directory, LOG));
    }

    /// The offsets in the names of all files with a suffix, ascending.
    List<Long> offsetsOf(String suffix) throws IOException {
        return offsetsOf(directory, suffix);
    }

    private static List<Long> offsetsOf(Path directory, String suffix) throws IOException {
        var offsets = new ArrayList<Long>();
        try (var entries = Files.list(directory)) {
            for (var entry : entries.sorted().toList()) {
                var matcher = NAME.matcher(entry.getFileName().toString());
                if (matcher.matches() && matcher.group(2).equals(suffix)) {
                    offsets.add(Long.parseLong(matcher.group(1)));
                }
            }
        }
        return offsets;
    }

    /// The bytes of all segments.
    public long sizeBytes() throws IOException {
        var bytes = 0L;
        for (var base : segments) {
            bytes += Files.size(segmentFile(base, LOG));
        }
        return bytes;
    }

    public Path file(String name) {
        return directory.resolve(name);
    }

    public Path segmentFile(long baseOffset, String suffix) {
        return directory.resolve(String.format("%020d", baseOffset) + suffix);
    }

    /// The entries of a segment's index; bytes after the last whole entry are left out.
    public List<IndexEntry.OfOffset> offsetIndex(long baseOffset) throws IOException {
        var bytes = readSmall(segmentFile(baseOffset, OFFSET_INDEX));
        var entries = new ArrayList<IndexEntry.OfOffset>();
        while (bytes.remaining() >= Long.BYTES) {
            entries.add(new IndexEntry.OfOffset(baseOffset + bytes.getInt(), bytes.getInt()));
        }
        return entries;
    }

    /// The entries of a segment's time index; bytes after the last whole entry are left out.
    public List<IndexEntry.OfTime> timeIndex(long baseOffset) throws IOException {
        var bytes = readSmall(segmentFile(baseOffset, TIME_INDEX));
        var entries = new ArrayList<IndexEntry.OfTime>();
        while (bytes.remaining() >= Long.BYTES + Integer.BYTES) {
            entries.add(new IndexEntry.OfTime(bytes.getLong(), baseOffset + bytes.getInt()));
        }
        return entries;
    }

    /// The offsets that there are snapshots of the producers for, ascending.
    public List<Long> snapshots() throws IOException {
        return offsetsOf(SNAPSHOT);
    }

    /// The producers of a snapshot; empty if it is damaged.
    public Optional<List<ProducerEntry>> producers(long snapshotOffset) throws IOException {
        var bytes = readSmall(segmentFile(snapshotOffset, SNAPSHOT));
        if (!SmallFileCheck.isSoundSnapshot(bytes)) {
            return Optional.empty();
        }
        var entries = new ArrayList<ProducerEntry>();
        for (bytes.position(SmallFileCheck.SNAPSHOT_HEADER_BYTES); bytes.hasRemaining(); ) {
            entries.add(ProducerEntry.next(bytes));
        }
        return Optional.of(entries);
    }

    /// The aborted transactions of a segment's index; bytes after the last whole entry are left out.
    public List<AbortedEntry> abortedTransactions(long baseOffset) throws IOException {
        var bytes = readSmall(segmentFile(baseOffset, TRANSACTION_INDEX));
        var entries = new ArrayList<AbortedEntry>();
        while (bytes.remaining() >= TransactionIndex.ENTRY_BYTES) {
            bytes.getShort();
            entries.add(new AbortedEntry(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong()));
        }
        return entries;
    }

    /// The topic's id as `partition.metadata` has it; empty if there is no such file or it cannot be read.
    public Optional<String> topicId() throws IOException {
        if (!Files.exists(file(METADATA))) {
            return Optional.empty();
        }
        var lines = lines(METADATA);
        return lines.size() == 2
                        && lines.get(0).equals("version: 0")
                        && lines.get(1).matches("topic_id: [\\w-]{22}")
                ? Optional.of(lines.get(1).substring("topic_id: ".length()))
                : Optional.empty();
    }

    /// The lines of a small text file.
    public List<String> lines(String name) throws IOException {
        return UTF_8.decode(readSmall(file(name))).toString().lines().toList();
    }

    /// The whole of a file that is bounded by its nature.
    ///
    /// @throws IOException if it is larger than any such file can be
    static ByteBuffer readSmall(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() > SMALL_BYTES_MAX) {
                throw new IOException(file + " has " + channel.size() + " bytes, far too many for what it should be");
            }
            var bytes = ByteBuffer.allocate((int) channel.size());
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // Until it is full or the file has become shorter.
            }
            return bytes.flip();
        }
    }
}
