package io.weirlog.metadata.inspect;

import io.weirlog.metadata.codec.AtomicFile;
import io.weirlog.metadata.ratis.RaftLogFile;
import io.weirlog.metadata.ratis.RaftLogFile.Entry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Cuts the torn end of a single voter's log, on request and after keeping a copy.
///
/// A single voter answers a command only when it is synced, and a write that was torn by a loss of power was not: so
/// the torn end holds nothing that was answered. A voter among several is never cut: it may have told the others that
/// it holds an entry, and must not forget it. There the remedy is to remove and to add it again.
public final class LogRepair {
    private LogRepair() {}

    public sealed interface Result {
        /// Nothing is torn.
        record Whole() implements Result {}

        /// @param position where the file ends now, or would
        /// @param bytes how many were cut, or would be
        /// @param copy the file as it was; absent in a dry run
        record Cut(Path file, long position, long bytes, Optional<Path> copy) implements Result {}
    }

    /// @param dryRun whether only to tell what would be cut
    /// @throws MetadataFilesException if this log must not be cut; nothing was changed
    public static Result repair(Path folder, boolean dryRun) throws IOException, MetadataFilesException {
        var metadata = Files.isDirectory(folder.resolve("metadata")) ? folder.resolve("metadata") : folder;
        var lockFile = metadata.resolve("lock");
        if (!Files.exists(lockFile)) {
            throw new MetadataFilesException("there are no metadata in " + folder);
        }
        try (var channel = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
            if (!locks(channel)) {
                throw new MetadataFilesException("a node is using " + metadata + ": stop it first");
            }
            return cut(metadata, MetadataFiles.open(metadata), dryRun);
        }
    }

    private static boolean locks(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static Result cut(Path metadata, MetadataFiles files, boolean dryRun)
            throws IOException, MetadataFilesException {
        var logFiles = files.logFiles();
        for (var file : logFiles) {
            var damage = RaftLogFile.read(file).damage();
            if (damage.isPresent()) {
                var torn = damage.get();
                boolean last = file.equals(logFiles.getLast());
                if (!last || torn.entriesBehind() > 0) {
                    throw new MetadataFilesException(
                            "%s is damaged at %d and whole entries follow: that is no torn end, and cutting would lose them; restore the metadata folder from a copy"
                                    .formatted(file, torn.position()));
                }
                checkAlone(files);
                return dryRun
                        ? new Result.Cut(file, torn.position(), torn.bytes(), Optional.empty())
                        : cut(file, torn, unusedName(metadata, file));
            }
        }
        return new Result.Whole();
    }

    private static void checkAlone(MetadataFiles files) throws IOException, MetadataFilesException {
        var voters = files.voters().map(Entry.Voters::voters);
        if (voters.isPresent() && voters.get().size() > 1) {
            throw new MetadataFilesException(
                    "this voter is one of several (%s), and may have promised what it would forget; remove it (weirlog controller remove), move its metadata folder away, and add it again"
                            .formatted(voters.get()));
        }
    }

    /// Not beside the log: Ratis would take it for a part of that.
    private static Path unusedName(Path metadata, Path file) {
        for (int number = 1; ; number++) {
            var name = metadata.resolve("torn-" + number + "-" + file.getFileName());
            if (!Files.exists(name)) {
                return name;
            }
        }
    }

    private static Result cut(Path file, RaftLogFile.Damage torn, Path copy) throws IOException {
        AtomicFile.write(copy, Files.readAllBytes(file));
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(torn.position());
            channel.force(true);
        }
        return new Result.Cut(file, torn.position(), torn.bytes(), Optional.of(copy));
    }
}
