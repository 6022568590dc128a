package io.weirlog.server.group.core;

import io.weirlog.common.Invariant;
import java.util.OptionalLong;

/// A group, apart from its members and offsets.
///
/// @param epoch of the newest target; above every epoch of a member that is none any more, so that none repeats
/// @param emptySinceMillis when the last member went; empty while there are members, and if there never were any
/// @param metadataIndex of the topics that the target was made with
public record GroupMeta(int epoch, OptionalLong emptySinceMillis, AssignorKind assignor, long metadataIndex) {
    public GroupMeta {
        Invariant.check(epoch >= 0, "negative group epoch %s", epoch);
    }

    static final GroupMeta NEW = new GroupMeta(0, OptionalLong.empty(), AssignorKind.STICKY, 0);
}
