package io.weirlog.server.group.core;

import java.util.Comparator;

/// A member of some group.
record MemberKey(GroupId group, MemberId member) implements Comparable<MemberKey> {
    private static final Comparator<MemberKey> ORDER =
            Comparator.comparing(MemberKey::group).thenComparing(MemberKey::member);

    @Override
    public int compareTo(MemberKey that) {
        return ORDER.compare(this, that);
    }
}
