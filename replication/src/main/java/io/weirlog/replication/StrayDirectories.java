package io.weirlog.replication;

import io.weirlog.log.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// Puts aside partition directories that the metadata do not know. They are renamed, never deleted: metadata that were
/// lost or came from the wrong place must not cost anybody's data (M3). An operator deletes them.
final class StrayDirectories {
    /// `orders-3`: what a partition's directory is called while it is in use.
    private static final Pattern IN_USE = Pattern.compile("[a-zA-Z0-9._-]{1,249}-[0-9]+");

    private static final Pattern STRAY = Pattern.compile(".*\\.stray[0-9]*");
    private static final int STRAYS_OF_A_NAME_MAX = 1000;

    private StrayDirectories() {}

    /// Renames every partition directory below `root` whose name is not in `expected`.
    ///
    /// @return the new places
    static List<Path> quarantineUnexpected(Storage storage, Path root, Set<String> expected) throws IOException {
        List<Path> strays = new ArrayList<>();
        for (var name : storage.list(root)) {
            if (IN_USE.matcher(name).matches() && !STRAY.matcher(name).matches() && !expected.contains(name)) {
                strays.add(quarantine(storage, root, name));
            }
        }
        return strays;
    }

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
