package io.weirlog.replication;

import java.nio.file.Path;

/// What disks have room for besides what producers send, which is somebody else's to refuse. Asked by owners' threads:
/// must not block.
public interface DiskRoom {
    /// Of disks that nobody looks after: what does not fit fails.
    DiskRoom UNKNOWN = new DiskRoom() {
        @Override
        public boolean mayFollow(Path directory) {
            return true;
        }

        @Override
        public boolean mayResume(Path directory) {
            return true;
        }
    };

    /// Whether a replica may take what its leader has.
    ///
    /// @param directory the partition's
    boolean mayFollow(Path directory);

    /// Whether one that found no room may go on. It takes more than [#mayFollow], or it would have to stop again soon.
    boolean mayResume(Path directory);
}
