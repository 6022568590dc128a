package io.weirlog.client;

import java.util.List;

/// @param groups in the order of their names
/// @param missing why some coordinators could not be asked: their groups are not in the list
public record GroupList(List<GroupListing> groups, List<WeirlogException> missing) {
    public GroupList {
        groups = List.copyOf(groups);
        missing = List.copyOf(missing);
    }
}
