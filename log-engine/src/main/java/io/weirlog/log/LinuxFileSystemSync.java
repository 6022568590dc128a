package io.weirlog.log;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `syncfs(2)`. It returns what went wrong since its descriptor was opened, once: so there is one descriptor, and one
/// call at a time.
///
/// Only where that can be relied on. Linux before 5.8 keeps failed writes to itself, before 5.17 a failed journal; a
/// network or user-space file system may do nothing at all and say that all went well.
final class LinuxFileSystemSync implements Storage.FileSystemSync {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxFileSystemSync.class);
    private static final Set<String> FILE_SYSTEMS = Set.of("ext4", "xfs", "btrfs");
    private static final int KERNEL_MAJOR_MIN = 5;
    private static final int KERNEL_MINOR_MIN = 17;
    /// The same on every architecture, unlike other flags.
    private static final int READ_ONLY = 0;

    private final Path directory;
    private final Calls calls;
    private final int descriptor;
    private boolean closed;

    private LinuxFileSystemSync(Path directory, Calls calls) throws IOException {
        this.directory = directory;
        this.calls = calls;
        this.descriptor = calls.open(directory);
    }

    /// Empty where it cannot be relied on. Also waits until what others have written there before is durable: a
    /// failure of that is not one of ours.
    static Optional<Storage.FileSystemSync> open(Path directory) throws IOException {
        if (!isReliable(System.getProperty("os.name"), System.getProperty("os.version"))
                || !FILE_SYSTEMS.contains(Files.getFileStore(directory).type())) {
            return Optional.empty();
        }
        var calls = Calls.find();
        if (calls.isEmpty()) {
            return Optional.empty();
        }
        var opened = new LinuxFileSystemSync(directory.toAbsolutePath(), calls.get());
        try {
            opened.sync();
            return Optional.of(opened);
        } catch (IOException e) {
            LOG.warn("{}: each file is synced by itself, for the file system has failed before", directory, e);
            opened.close();
            return Optional.empty();
        }
    }

    /// @param version as `uname -r` has it
    static boolean isReliable(String system, String version) {
        if (!system.toLowerCase(Locale.ROOT).equals("linux")) {
            return false;
        }
        var numbers = version.split("[^0-9]+", 3);
        try {
            var major = Integer.parseInt(numbers[0]);
            var minor = numbers.length > 1 ? Integer.parseInt(numbers[1]) : 0;
            return major > KERNEL_MAJOR_MIN || (major == KERNEL_MAJOR_MIN && minor >= KERNEL_MINOR_MIN);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /// Locked, so that no call takes the failure that another is waiting for.
    @Override
    public synchronized void sync() throws IOException {
        if (closed) {
            throw new IOException("the file system of " + directory + " is synced after the end");
        }
        calls.sync(descriptor, directory);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            calls.close(descriptor);
        }
    }

    /// The C library, as far as it is needed here.
    private record Calls(MethodHandle open, MethodHandle syncfs, MethodHandle close, MethodHandle strerror) {
        private static final int MESSAGE_BYTES_MAX = 256;
        private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        private static final Linker.Option ERROR = Linker.Option.captureCallState("errno");

        @SuppressWarnings("restricted") // The signatures are those of the manual pages.
        static Optional<Calls> find() {
            try {
                var linker = Linker.nativeLinker();
                var library = linker.defaultLookup();
                return Optional.of(new Calls(
                        linker.downcallHandle(
                                library.findOrThrow("open"),
                                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                                ERROR,
                                Linker.Option.firstVariadicArg(2)),
                        linker.downcallHandle(
                                library.findOrThrow("syncfs"), FunctionDescriptor.of(JAVA_INT, JAVA_INT), ERROR),
                        linker.downcallHandle(
                                library.findOrThrow("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT), ERROR),
                        linker.downcallHandle(
                                library.findOrThrow("strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT))));
            } catch (UnsupportedOperationException | IllegalCallerException | NoSuchElementException e) {
                LOG.warn("syncfs cannot be called: each file is synced by itself", e);
                return Optional.empty();
            }
        }

        int open(Path directory) throws IOException {
            try (var arena = Arena.ofConfined()) {
                var state = arena.allocate(STATE);
                var name = arena.allocateFrom(directory.toString());
                return check((int) open.invokeExact(state, name, READ_ONLY), state, "open", directory);
            } catch (Throwable e) {
                throw failure(e);
            }
        }

        void sync(int descriptor, Path directory) throws IOException {
            try (var arena = Arena.ofConfined()) {
                var state = arena.allocate(STATE);
                check((int) syncfs.invokeExact(state, descriptor), state, "syncfs", directory);
            } catch (Throwable e) {
                throw failure(e);
            }
        }

        void close(int descriptor) {
            try (var arena = Arena.ofConfined()) {
                var _ = (int) close.invokeExact(arena.allocate(STATE), descriptor);
            } catch (Throwable e) {
                throw new IllegalStateException("a descriptor cannot be closed", e);
            }
        }

        @SuppressWarnings("restricted") // Messages of the C library are short and end with a zero.
        private int check(int result, MemorySegment state, String call, Path directory) throws Throwable {
            if (result < 0) {
                var message = (MemorySegment) strerror.invokeExact(state.get(JAVA_INT, 0));
                throw new IOException(call + " of " + directory + ": "
                        + message.reinterpret(MESSAGE_BYTES_MAX).getString(0));
            }
            return result;
        }

        /// A method handle may throw anything.
        private static IOException failure(Throwable thrown) {
            return thrown instanceof IOException e ? e : new IOException(thrown);
        }
    }
}
