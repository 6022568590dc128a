package io.weirlog.replication;

import io.weirlog.log.FileStorage;
import io.weirlog.log.Storage;
import io.weirlog.log.SystemLimitException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The real file system, of which directories can be told to fail: every write and sync, and every opening, of what is
/// below them.
final class FailingStorage {
    private static final Set<String> OPENING =
            Set.of("openForRead", "openForWrite", "openNote", "list", "syncDirectory");

    private final Storage real = new FileStorage();
    private final Set<Path> failing = ConcurrentHashMap.newKeySet();
    private final Set<Path> full = ConcurrentHashMap.newKeySet();

    private final AtomicInteger fileSystemSyncs = new AtomicInteger();
    private volatile boolean failFileSystemSyncs;
    private volatile Optional<String> threadsWithoutFiles = Optional.empty();
    private final AtomicInteger refused = new AtomicInteger();

    Storage storage() {
        return (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, method, arguments) -> {
                    var path = (Path) arguments[0];
                    if (!method.getName().equals("exists")) {
                        check(path);
                    }
                    if (mayNotOpen() && OPENING.contains(method.getName())) {
                        refused.incrementAndGet();
                        throw new SystemLimitException(path + ": too many open files (ulimit -n)", new IOException());
                    }
                    if (method.getName().equals("fileSystemSync")) {
                        return Optional.of(new CountingSync());
                    }
                    var result = invoke(method, real, arguments);
                    return result instanceof Storage.WritableFile file ? watched(path, file) : result;
                });
    }

    /// Does not go to the disk: no test turns the power off.
    private final class CountingSync implements Storage.FileSystemSync {
        @Override
        public void sync() throws IOException {
            fileSystemSyncs.incrementAndGet();
            if (failFileSystemSyncs) {
                throw new IOException("Input/output error");
            }
        }

        @Override
        public void close() {}
    }

    int fileSystemSyncs() {
        return fileSystemSyncs.get();
    }

    void failFileSystemSyncs() {
        failFileSystemSyncs = true;
    }

    private Storage.WritableFile watched(Path path, Storage.WritableFile file) {
        return (Storage.WritableFile) Proxy.newProxyInstance(
                Storage.class.getClassLoader(),
                new Class<?>[] {Storage.WritableFile.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("write") || method.getName().equals("syncData")) {
                        check(path);
                    }
                    if (method.getName().equals("write") && full.stream().anyMatch(path::startsWith)) {
                        throw new IOException("No space left on device");
                    }
                    return invoke(method, file, arguments);
                });
    }

    private static @Nullable Object invoke(
            java.lang.reflect.Method method, Object target, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw Objects.requireNonNull(e.getCause());
        }
    }

    private void check(Path path) throws IOException {
        if (failing.stream().anyMatch(path::startsWith)) {
            throw new IOException("Input/output error");
        }
    }

    /// From now on no file and no directory can be opened (EMFILE) by threads whose names begin so.
    void noMoreFiles(String threads) {
        threadsWithoutFiles = Optional.of(threads);
    }

    void filesAgain() {
        threadsWithoutFiles = Optional.empty();
    }

    private boolean mayNotOpen() {
        return threadsWithoutFiles
                .filter(Thread.currentThread().getName()::startsWith)
                .isPresent();
    }

    /// How many were not.
    int refused() {
        return refused.get();
    }

    /// From now on there is no room for a byte more.
    void fill(Path directory) {
        full.add(directory);
    }

    void makeRoom(Path directory) {
        full.remove(directory);
    }

    void fail(Path directory) {
        failing.add(directory);
    }
}
