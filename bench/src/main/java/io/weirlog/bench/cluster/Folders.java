package io.weirlog.bench.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;

/// Folders of clusters that were killed.
public final class Folders {
    private static final int ATTEMPTS_MAX = 50;
    private static final long LOOK_AGAIN_MILLIS = 100;

    private Folders() {}

    /// Deletes all of it. A process that is about to end may still write there for a moment.
    public static void delete(Path folder) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try (var paths = Files.walk(folder)) {
                for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
                return;
            } catch (NoSuchFileException e) {
                return;
            } catch (IOException | UncheckedIOException e) {
                if (attempt == ATTEMPTS_MAX) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
            }
        }
    }
}
