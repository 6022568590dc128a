package io.weirlog.log;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The real file system.
///
/// Files that are only read, and notes, are open up to a number: a log of which nobody reads keeps none of them.
public final class FileStorage implements Storage {
    /// What is read or noted at the same time, in all logs together; with more some are opened again for each use.
    public static final int REOPENED_FILES_MAX = 2048;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 * 1024).asReadOnlyBuffer();

    private final OpenChannels reopened = new OpenChannels(REOPENED_FILES_MAX);

    @Override
    public ReadableFile openForRead(Path file) throws IOException {
        return new ChannelReader(file, ReopenedChannel.open(reopened, file, READ));
    }

    @Override
    public WritableFile openForWrite(Path file) throws IOException {
        return new ChannelWriter(file, open(file, READ, WRITE, CREATE));
    }

    @Override
    public Note openNote(Path file) throws IOException {
        return new ChannelNote(ReopenedChannel.open(reopened, file, WRITE, CREATE));
    }

    @Override
    public boolean exists(Path file) {
        return Files.exists(file);
    }

    @Override
    public long sizeBytes(Path file) throws IOException {
        return Files.size(file);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw SystemLimitException.orSame(directory, e);
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Files.createDirectories(directory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, ATOMIC_MOVE, REPLACE_EXISTING);
    }

    @Override
    public void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (var channel = open(directory, READ)) {
            channel.force(true);
        }
    }

    @Override
    public Optional<FileSystemSync> fileSystemSync(Path directory) throws IOException {
        return LinuxFileSystemSync.open(directory);
    }

    @Override
    public Optional<Closeable> lock(Path file) throws IOException {
        var channel = open(file, WRITE, CREATE);
        try {
            if (channel.tryLock() != null) {
                return Optional.of(channel);
            }
        } catch (OverlappingFileLockException e) {
            // Taken by this very process.
        }
        channel.close();
        return Optional.empty();
    }

    private static FileChannel open(Path file, OpenOption... options) throws IOException {
        try {
            return FileChannel.open(file, options);
        } catch (IOException e) {
            throw SystemLimitException.orSame(file, e);
        }
    }

    private static MemorySegment map(Path file, FileChannel channel, FileChannel.MapMode mode, Arena arena, long bytes)
            throws IOException {
        try {
            return channel.map(mode, 0, bytes, arena);
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            throw SystemLimitException.orSame(file, e);
        }
    }

    private record ChannelReader(Path file, ReopenedChannel channel) implements ReadableFile {
        @Override
        public long sizeBytes() throws IOException {
            return channel.with(FileChannel::size);
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            var start = target.position();
            channel.with(current -> {
                while (target.hasRemaining()) {
                    if (current.read(target, position + target.position() - start) < 0) {
                        throw new EOFException(file + " ends before byte " + (position + target.limit() - start));
                    }
                }
                return 0L;
            });
        }

        @Override
        public MemorySegment map(Arena arena, long sizeBytes) throws IOException {
            return sizeBytes == 0
                    ? MemorySegment.NULL
                    : channel.with(
                            current -> FileStorage.map(file, current, FileChannel.MapMode.READ_ONLY, arena, sizeBytes));
        }

        @Override
        public void keepOpen() throws IOException {
            channel.keepOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private record ChannelNote(ReopenedChannel channel) implements Note {
        @Override
        public void write(long position, ByteBuffer source) throws IOException {
            channel.with(current -> {
                var rest = source.duplicate();
                while (rest.hasRemaining()) {
                    current.write(rest, position + rest.position() - source.position());
                }
                return 0L;
            });
            source.position(source.limit());
        }

        @Override
        public void syncData() throws IOException {
            channel.with(current -> {
                current.force(false);
                return 0L;
            });
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static final class ChannelWriter implements WritableFile {
        private final Path file;
        private final FileChannel channel;
        /// Where the channel stands, which saves a call for each write that continues the one before.
        private long channelAt;

        ChannelWriter(Path file, FileChannel channel) {
            this.file = file;
            this.channel = channel;
        }

        @Override
        public long sizeBytes() throws IOException {
            return channel.size();
        }

        @Override
        public void write(long position, ByteBuffer[] sources, int count) throws IOException {
            if (count == 1) {
                write(position, sources[0]);
                return;
            }
            if (position != channelAt) {
                channel.position(position);
            }
            channelAt = position;
            var first = 0;
            while (first < count) {
                channelAt += channel.write(sources, first, count - first);
                while (first < count && !sources[first].hasRemaining()) {
                    first++;
                }
            }
        }

        @Override
        public void write(long position, ByteBuffer source) throws IOException {
            var start = source.position();
            while (source.hasRemaining()) {
                channel.write(source, position + source.position() - start);
            }
        }

        @Override
        public void syncData() throws IOException {
            channel.force(false);
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            channel.truncate(sizeBytes);
            channelAt = Math.min(channelAt, sizeBytes);
        }

        @Override
        public MemorySegment map(Arena arena, long sizeBytes) throws IOException {
            takeRoom(sizeBytes);
            return FileStorage.map(file, channel, FileChannel.MapMode.READ_WRITE, arena, sizeBytes);
        }

        /// A store into memory for which the disk has no block ends in a signal, not in an exception. So the blocks
        /// are there before.
        private void takeRoom(long sizeBytes) throws IOException {
            var at = channel.size();
            while (at < sizeBytes) {
                var zeros = ZEROS.duplicate();
                zeros.limit((int) Math.min(zeros.capacity(), sizeBytes - at));
                at += channel.write(zeros, at);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
