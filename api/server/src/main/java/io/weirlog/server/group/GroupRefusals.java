package io.weirlog.server.group;

import io.weirlog.server.group.core.GroupReply;
import io.weirlog.server.group.core.RefusalReason;

/// Refusals that come before the machine.
final class GroupRefusals {
    private GroupRefusals() {}

    static GroupReply loading() {
        return new GroupReply.Refused(
                RefusalReason.COORDINATOR_LOADING,
                "the group's coordinator still reads what its predecessor left: try again");
    }

    static GroupReply tooManyRequests(int max) {
        return new GroupReply.Refused(
                RefusalReason.LIMIT_REACHED,
                "the group's coordinator has " + max + " requests under way: try again later");
    }
}
