package io.weirlog.metadata.inspect;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.codec.CommandCodec;
import io.weirlog.metadata.codec.MalformedRecordException;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.ratis.RaftLogFile;
import io.weirlog.metadata.ratis.RaftLogFile.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Pattern;

/// The files of a voter: its newest good snapshot, and its log. They may be read while the node runs: what it is just
/// writing is left out.
public final class MetadataFiles {
    private static final Pattern SNAPSHOT = Pattern.compile("snapshot\\.(\\d{1,18})_(\\d{1,18})");

    private final Path group;
    private final List<Path> logFiles;

    private MetadataFiles(Path group, List<Path> logFiles) {
        this.group = group;
        this.logFiles = logFiles;
    }

    /// @param folder a node's data folder, or the metadata folder in it
    /// @throws MetadataFilesException if there are no metadata
    public static MetadataFiles open(Path folder) throws IOException, MetadataFilesException {
        for (var candidate : List.of(folder.resolve("metadata/raft"), folder.resolve("raft"))) {
            if (Files.isDirectory(candidate)) {
                var group = group(candidate);
                if (group.isPresent()) {
                    return new MetadataFiles(group.get(), logFiles(group.get().resolve("current")));
                }
            }
        }
        throw new MetadataFilesException(
                "there are no metadata in " + folder + ": give the data folder of a node that is or was a controller");
    }

    private static Optional<Path> group(Path raft) throws IOException {
        try (var groups = Files.list(raft)) {
            return groups.filter(path -> isUuid(String.valueOf(path.getFileName())))
                    .filter(path -> Files.isDirectory(path.resolve("current")))
                    .findFirst();
        }
    }

    private static boolean isUuid(String name) {
        try {
            return UUID.fromString(name).toString().equals(name);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static List<Path> logFiles(Path current) throws IOException {
        try (var files = Files.list(current)) {
            return files.filter(file -> RaftLogFile.isName(String.valueOf(file.getFileName())))
                    .sorted(Comparator.comparingLong(RaftLogFile::firstIndex))
                    .toList();
        }
    }

    /// A running node renames the file that it writes when it begins the next one.
    private static RaftLogFile read(Path file) throws IOException {
        try {
            return RaftLogFile.read(file);
        } catch (NoSuchFileException e) {
            for (var renamed : logFiles(file.resolveSibling(""))) {
                if (RaftLogFile.firstIndex(renamed) == RaftLogFile.firstIndex(file)) {
                    return RaftLogFile.read(renamed);
                }
            }
            throw e;
        }
    }

    /// The log's files, oldest first.
    List<Path> logFiles() {
        return logFiles;
    }

    /// Who votes, by the newest word on this node's disk.
    Optional<Entry.Voters> voters() throws IOException {
        var newest = RaftLogFile.keptVoters(group.resolve("current"));
        for (var file : logFiles) {
            for (var entry : read(file).entries()) {
                if (entry instanceof Entry.Voters voters) {
                    newest = Optional.of(voters);
                }
            }
        }
        return newest;
    }

    /// Takes one line of a dump.
    @FunctionalInterface
    public interface LineConsumer {
        void accept(Map<String, Object> line) throws IOException;
    }

    /// Tells what is there, a line for each thing: the snapshots, then the log's entries.
    public void dump(LineConsumer lines) throws IOException {
        for (var snapshot : snapshots()) {
            lines.accept(MetadataTree.snapshotLine(snapshot.file(), snapshot.index(), snapshot.load()));
        }
        for (var file : logFiles) {
            var content = read(file);
            for (var entry : content.entries()) {
                lines.accept(MetadataTree.entryLine(entry));
            }
            if (content.damage().isPresent()) {
                lines.accept(MetadataTree.damageLine(file, content.damage().get()));
            }
        }
    }

    private record Snapshot(Path file, long index) {
        Optional<MetadataState> load() throws IOException {
            try {
                return Optional.of(SnapshotCodec.decode(Files.readAllBytes(file)));
            } catch (MalformedRecordException e) {
                return Optional.empty();
            }
        }
    }

    /// Oldest first.
    private List<Snapshot> snapshots() throws IOException {
        var directory = group.resolve("sm");
        var found = new ArrayList<Snapshot>();
        if (Files.isDirectory(directory)) {
            try (var files = Files.list(directory)) {
                for (var file : (Iterable<Path>) files::iterator) {
                    var name = SNAPSHOT.matcher(String.valueOf(file.getFileName()));
                    if (name.matches()) {
                        found.add(new Snapshot(file, Long.parseLong(name.group(2))));
                    }
                }
            }
        }
        found.sort(Comparator.comparingLong(Snapshot::index));
        return found;
    }

    /// The metadata after one entry of the log.
    ///
    /// @param index of that entry
    /// @param hash equal on all voters at the same index (M2)
    /// @param uncertainEntries entries behind it of which this disk alone cannot tell whether they were committed
    public record Known(long index, String hash, long uncertainEntries, MetadataImage image) {
        /// The whole state as plain maps, lists, texts and numbers.
        public Map<String, Object> tree() {
            return MetadataTree.of(index, image);
        }

        /// The same, a line for each thing.
        public List<Map<String, Object>> lines() {
            return MetadataTree.lines(image);
        }
    }

    /// What a running node sent of its metadata: a snapshot as on disk.
    public static Known exported(byte[] snapshot) throws MetadataFilesException {
        try {
            var state = SnapshotCodec.decode(snapshot);
            return new Known(state.index(), SnapshotCodec.hash(state), 0, MetadataImage.of(state));
        } catch (MalformedRecordException e) {
            throw new MetadataFilesException("what the node sent is no metadata snapshot: " + e.getMessage());
        }
    }

    /// Replays snapshot and log.
    ///
    /// @param at the entry to stop at; absent: the last that is known to be committed
    /// @throws MetadataFilesException if the files do not tell the state there
    public Known replay(OptionalLong at) throws IOException, MetadataFilesException {
        var entries = new ArrayList<Entry>();
        for (var file : logFiles) {
            entries.addAll(read(file).entries());
        }
        long lastIndex = entries.isEmpty() ? 0 : entries.getLast().index();
        var start = start(at.orElse(Long.MAX_VALUE), entries);
        long committed = Math.max(start.index(), committed(entries, lastIndex));
        long end = at.orElse(committed);
        if (at.isPresent() && at.getAsLong() > Math.max(lastIndex, start.index())) {
            throw new MetadataFilesException(
                    "entry %d is not there yet: the last one is %d".formatted(end, Math.max(lastIndex, start.index())));
        }
        var state = start.state();
        for (var entry : entries) {
            if (entry.index() > start.index() && entry.index() <= end && entry instanceof Entry.Command command) {
                state = applied(state, command);
            }
        }
        return new Known(end, SnapshotCodec.hash(state), Math.max(0, lastIndex - end), MetadataImage.of(state));
    }

    private record Start(long index, MetadataState state) {}

    private Start start(long at, List<Entry> entries) throws IOException, MetadataFilesException {
        long firstIndex =
                entries.isEmpty() ? Long.MAX_VALUE : entries.getFirst().index();
        for (var snapshot : snapshots().reversed()) {
            if (snapshot.index() <= at) {
                var state = snapshot.load();
                if (state.isPresent()) {
                    if (!entries.isEmpty() && firstIndex > snapshot.index() + 1) {
                        throw new MetadataFilesException("entries from %d to %d are missing between snapshot and log"
                                .formatted(snapshot.index() + 1, firstIndex - 1));
                    }
                    return new Start(snapshot.index(), state.get());
                }
            }
        }
        if (firstIndex > 0) {
            throw new MetadataFilesException(
                    entries.isEmpty()
                            ? "there is neither a good snapshot nor a log"
                            : "the log begins at entry %d, and there is no good snapshot before that"
                                    .formatted(firstIndex));
        }
        return new Start(-1, MetadataState.EMPTY);
    }

    /// A single voter commits what it writes. With others, only what some later entry says is certain.
    private long committed(List<Entry> entries, long lastIndex) throws IOException {
        var voters = voters().map(Entry.Voters::voters).orElse(List.<BrokerId>of());
        if (voters.size() <= 1) {
            return lastIndex;
        }
        return entries.stream()
                .mapToLong(entry -> entry instanceof Entry.CommitNote note ? note.commitEnd() - 1 : 0)
                .max()
                .orElse(0);
    }

    private static MetadataState applied(MetadataState state, Entry.Command entry)
            throws IOException, MetadataFilesException {
        try {
            var command = CommandCodec.decode(entry.bytes().duplicate());
            return MetadataMachine.apply(state, entry.index(), command).state();
        } catch (MalformedRecordException e) {
            throw new MetadataFilesException("entry %d cannot be read: %s".formatted(entry.index(), e.getMessage()));
        }
    }
}
