package io.weirlog.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Reads and replaces small text files, such as checkpoints.
public final class SmallFiles {
    /// No checkpoint comes near this; a file that does is not one.
    private static final long BYTES_MAX = 16 << 20;

    private SmallFiles() {}

    /// Replaces a file so that after a crash it has its old content or the new one, and after the return the new
    /// (L7): temporary file, sync, rename, sync of the directory.
    public static void replace(Storage storage, Path file, String content) throws IOException {
        replace(storage, file, ByteBuffer.wrap(content.getBytes(UTF_8)));
    }

    /// As above.
    static void replace(Storage storage, Path file, ByteBuffer content) throws IOException {
        var temporary = temporary(file);
        try (var out = storage.openForWrite(temporary)) {
            out.truncate(0);
            out.write(0, content);
            storage.syncSmall(temporary, out);
        }
        storage.rename(temporary, file);
        storage.syncDirectory(directoryOf(file));
    }

    /// Writes a file that is made durable together with others.
    static void writeUnsynced(Storage storage, Path file, String content) throws IOException {
        try (var out = storage.openForWrite(file)) {
            out.truncate(0);
            out.write(0, ByteBuffer.wrap(content.getBytes(UTF_8)));
        }
    }

    /// Where a file is until it is in place.
    static Path temporary(Path file) {
        return file.resolveSibling(file.getFileName() + LogFileNames.TEMPORARY);
    }

    /// The lines of a file, or empty if there is none.
    public static Optional<List<String>> readLines(Storage storage, Path file) throws IOException {
        if (!storage.exists(file)) {
            return Optional.empty();
        }
        try (var in = storage.openForRead(file)) {
            var sizeBytes = in.sizeBytes();
            if (sizeBytes > BYTES_MAX) {
                throw new IOException(file + " has " + sizeBytes + " bytes, far too many for what it should be");
            }
            var bytes = new byte[(int) sizeBytes];
            in.read(0, ByteBuffer.wrap(bytes));
            return Optional.of(new String(bytes, UTF_8).lines().toList());
        }
    }

    static Path directoryOf(Path file) {
        var parent = file.getParent();
        return parent == null ? Path.of("") : parent;
    }
}
