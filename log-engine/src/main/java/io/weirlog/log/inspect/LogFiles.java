package io.weirlog.log.inspect;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The files of one partition's log on the real file system, by their public names.
///
/// @param segments base offsets, ascending
public record LogFiles(Path directory, List<Long> segments) {
    public static final String LOG = ".log";
    public static final String OFFSET_INDEX = ".index";
    public static final String TIME_INDEX = ".timeindex";
    public static final String EPOCHS = "leader-epoch-checkpoint";
    public static final String METADATA = "partition.metadata";
    public static final String CLEAN_SHUTDOWN = "clean-shutdown";

    private static final Pattern SEGMENT = Pattern.compile("(0\\d{19})\\.log");
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
        var bases = new ArrayList<Long>();
        try (var entries = Files.list(directory)) {
            for (var entry : entries.sorted().toList()) {
                var matcher = SEGMENT.matcher(entry.getFileName().toString());
                if (matcher.matches()) {
                    bases.add(Long.parseLong(matcher.group(1)));
                }
            }
        }
        return new LogFiles(directory, bases);
    }

    public Path file(String name) {
        return directory.resolve(name);
    }

    public Path segmentFile(long baseOffset, String suffix) {
        return directory.resolve(String.format("%020d", baseOffset) + suffix);
    }

    /// The entries of a segment's index; bytes after the last whole entry are left out.
    public List<IndexEntry> offsetIndex(long baseOffset) throws IOException {
        var bytes = readSmall(segmentFile(baseOffset, OFFSET_INDEX));
        var entries = new ArrayList<IndexEntry>();
        while (bytes.remaining() >= Long.BYTES) {
            entries.add(new IndexEntry.OfOffset(baseOffset + bytes.getInt(), bytes.getInt()));
        }
        return entries;
    }

    /// The entries of a segment's time index; bytes after the last whole entry are left out.
    public List<IndexEntry> timeIndex(long baseOffset) throws IOException {
        var bytes = readSmall(segmentFile(baseOffset, TIME_INDEX));
        var entries = new ArrayList<IndexEntry>();
        while (bytes.remaining() >= Long.BYTES + Integer.BYTES) {
            entries.add(new IndexEntry.OfTime(bytes.getLong(), baseOffset + bytes.getInt()));
        }
        return entries;
    }

    /// The lines of a small text file.
    public List<String> lines(String name) throws IOException {
        return UTF_8.decode(readSmall(file(name))).toString().lines().toList();
    }

    /// The whole of a file that is bounded by its nature.
    ///
    /// @throws IOException if it is larger than any such file can be
    private static ByteBuffer readSmall(Path file) throws IOException {
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
