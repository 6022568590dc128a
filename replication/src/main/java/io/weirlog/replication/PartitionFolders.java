package io.weirlog.replication;

import io.weirlog.log.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// What is found in a data directory.
///
/// @param inUse names of partitions' directories
/// @param foreign names of what is none of ours
record PartitionFolders(List<String> inUse, List<String> foreign) {
    /// Written and deleted to see whether the directory works.
    static final String PROBE = "write-probe";

    private static final Pattern PARTITION = Pattern.compile("[a-zA-Z0-9._-]{1,249}-[0-9]+");
    /// What an operator has to look at, and what was being deleted when the node ended.
    private static final Pattern OUT_OF_USE = Pattern.compile(".*\\.stray[0-9]*|.*-delete");

    private static final Set<String> OWN =
            Set.of(PROBE, HighWatermarkCheckpoint.FILE, HighWatermarkCheckpoint.FILE + ".tmp");

    static PartitionFolders look(Storage storage, Path folder) throws IOException {
        var inUse = new ArrayList<String>();
        var foreign = new ArrayList<String>();
        for (var name : storage.list(folder)) {
            if (OWN.contains(name) || OUT_OF_USE.matcher(name).matches()) {
                continue;
            }
            (PARTITION.matcher(name).matches() ? inUse : foreign).add(name);
        }
        return new PartitionFolders(inUse, foreign);
    }
}
