package io.weirlog.log.fault;

import io.weirlog.log.SystemLimitException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;

/// Which calls to a [FaultyStorage] fail, and when it crashes. Not thread-safe by itself: the storage locks.
public final class Faults {
    private final Random random;
    private final Map<Operation, Integer> callsUntilFailure = new EnumMap<>(Operation.class);
    private final Map<Operation, Integer> calls = new EnumMap<>(Operation.class);
    private Optional<Consumer<Operation>> boundaryListener = Optional.empty();
    private OptionalInt crashBoundary = OptionalInt.empty();
    private int boundaries;
    private boolean spared;
    private boolean crashed;
    private long freeBytes = Long.MAX_VALUE;
    private int openFiles;
    private int openFilesMax = Integer.MAX_VALUE;

    Faults(long seed) {
        this.random = new Random(seed);
    }

    /// The `nth` call of this kind from now on fails, 1 being the next: with EIO, a write after a part of its bytes.
    public void failNth(Operation operation, int nth) {
        callsUntilFailure.put(operation, nth);
    }

    /// From now on files may grow by this many bytes in all; then a write writes what still fits and fails (ENOSPC).
    public void limitGrowth(long bytes) {
        freeBytes = bytes;
    }

    /// From now on so many files more can be open at a time, and no other file or directory (EMFILE).
    public void limitOpenFiles(int more) {
        openFilesMax = openFiles + more;
    }

    /// The call at this boundary is not done any more: the machine is off. Boundaries count from 0.
    public void crashAt(int boundary) {
        crashBoundary = OptionalInt.of(boundary);
    }

    /// From now on nothing fails any more.
    public void calm() {
        callsUntilFailure.clear();
        freeBytes = Long.MAX_VALUE;
        openFilesMax = Integer.MAX_VALUE;
        crashBoundary = OptionalInt.empty();
    }

    /// Is told before each boundary what comes next, and may look at what a crash would leave there.
    public void onBoundary(Consumer<Operation> listener) {
        boundaryListener = Optional.of(listener);
    }

    /// While `isSpared`, calls neither fail nor count: whoever looks on from outside must not set anything off.
    public void spare(boolean isSpared) {
        spared = isSpared;
    }

    /// How many boundaries have been passed.
    public int boundaries() {
        return boundaries;
    }

    /// How many calls of a kind there were, failed ones included.
    public int calls(Operation operation) {
        return calls.getOrDefault(operation, 0);
    }

    public boolean hasCrashed() {
        return crashed;
    }

    /// @throws IOException if this call has to fail without having any effect
    void before(Operation operation) throws IOException {
        if (mustFail(operation)) {
            throw inputOutputError();
        }
    }

    /// @throws SystemLimitException if no file can be opened
    void beforeOpen(Path file) throws SystemLimitException {
        checkAlive();
        if (!spared && openFiles >= openFilesMax) {
            throw new SystemLimitException(file + ": too many open files", new IOException("Too many open files"));
        }
    }

    void opened() {
        openFiles++;
    }

    void closed() {
        openFiles--;
    }

    /// Counts a call; true if it has to fail.
    boolean mustFail(Operation operation) {
        checkAlive();
        if (spared) {
            return false;
        }
        if (operation != Operation.READ) {
            if (crashBoundary.isPresent() && crashBoundary.getAsInt() == boundaries) {
                crashed = true;
                throw new CrashException();
            }
            boundaryListener.ifPresent(listener -> listener.accept(operation));
            boundaries++;
        }
        calls.merge(operation, 1, Integer::sum);
        var left = callsUntilFailure.merge(operation, -1, Integer::sum);
        if (left <= 0) {
            callsUntilFailure.remove(operation);
        }
        return left == 0;
    }

    void checkAlive() {
        if (crashed) {
            throw new CrashException();
        }
    }

    /// How many of `count` bytes get written by a write that fails.
    int part(int count) {
        return random.nextInt(count + 1);
    }

    /// Takes room for a file to grow; the answer is how much of it there is.
    long takeRoom(long bytes) {
        var taken = Math.min(bytes, freeBytes);
        freeBytes -= taken;
        return taken;
    }

    static IOException inputOutputError() {
        return new IOException("Input/output error");
    }

    static IOException noSpace() {
        return new IOException("No space left on device");
    }
}
