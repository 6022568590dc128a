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
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The real file system.
public final class FileStorage implements Storage {
    @Override
    public ReadableFile openForRead(Path file) throws IOException {
        return new ChannelReader(file);
    }

    @Override
    public WritableFile openForWrite(Path file) throws IOException {
        return new ChannelWriter(FileChannel.open(file, READ, WRITE, CREATE));
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
        try (var channel = FileChannel.open(directory, READ)) {
            channel.force(true);
        }
    }

    @Override
    public Optional<FileSystemSync> fileSystemSync(Path directory) throws IOException {
        return LinuxFileSystemSync.open(directory);
    }

    @Override
    public Optional<Closeable> lock(Path file) throws IOException {
        var channel = FileChannel.open(file, WRITE, CREATE);
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

    /// An interrupt closes the channel of whoever is reading from it. So the channel is opened again: the segment
    /// stays readable for all, and for the interrupted thread the read ends before its interrupt takes effect.
    private static final class ChannelReader implements ReadableFile {
        private final Path file;
        private volatile FileChannel channel;
        private volatile boolean closed;

        ChannelReader(Path file) throws IOException {
            this.file = file;
            this.channel = FileChannel.open(file, READ);
        }

        @Override
        public long sizeBytes() throws IOException {
            return withChannel(FileChannel::size);
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            var start = target.position();
            withChannel(current -> {
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
                    : withChannel(current -> current.map(FileChannel.MapMode.READ_ONLY, 0, sizeBytes, arena));
        }

        private <T> T withChannel(ChannelUse<T> use) throws IOException {
            var interrupted = false;
            try {
                while (true) {
                    var current = channel;
                    try {
                        return use.apply(current);
                    } catch (ClosedByInterruptException e) {
                        interrupted = Thread.interrupted();
                        reopen(current, e);
                    } catch (ClosedChannelException e) {
                        // Another reader was interrupted.
                        reopen(current, e);
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        /// Locked, so that one of the readers that find the channel closed opens it for all.
        private synchronized void reopen(FileChannel seenClosed, ClosedChannelException cause) throws IOException {
            if (closed) {
                throw cause;
            }
            if (channel.equals(seenClosed)) {
                channel = FileChannel.open(file, READ);
            }
        }

        @Override
        public synchronized void close() throws IOException {
            closed = true;
            channel.close();
        }
    }

    private interface ChannelUse<T extends @Nullable Object> {
        T apply(FileChannel channel) throws IOException;
    }

    private static final class ChannelWriter implements WritableFile {
        private final FileChannel channel;
        /// Where the channel stands, which saves a call for each write that continues the one before.
        private long channelAt;

        ChannelWriter(FileChannel channel) {
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
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes, arena);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
