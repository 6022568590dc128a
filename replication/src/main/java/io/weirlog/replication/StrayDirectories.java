package io.weirlog.replication;

import io.weirlog.log.Storage;
import java.io.IOException;
import java.nio.file.Path;

/// Puts aside partition directories that the metadata do not know, or whose log is damaged. They are renamed, never
/// deleted: metadata that were lost or came from the wrong place must not cost anybody's data (M3). An operator deletes
/// them.
final class StrayDirectories {
    private static final int STRAYS_OF_A_NAME_MAX = 1000;

    private StrayDirectories() {}

    /// Renames `orders-3` to `orders-3.stray`, or to `orders-3.stray1` and so on if that is taken.
    static Path quarantine(Storage storage, Path root, String name) throws IOException {
        for (var attempt = 0; attempt < STRAYS_OF_A_NAME_MAX; attempt++) {
            var suffix = ".stray" + (attempt == 0 ? "" : attempt);
            var stray = root.resolve(name + suffix);
            if (!storage.exists(stray)) {
                storage.rename(root.resolve(name), stray);
                storage.syncDirectory(root);
                return stray;
            }
        }
        throw new IOException("there are " + STRAYS_OF_A_NAME_MAX + " stray directories of " + name
                + " already: delete those that are not needed");
    }
}
