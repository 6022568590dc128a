package io.weirlog.server.group.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/// The sessions of all members, and who is due next.
final class Sessions {
    private final NavigableMap<MemberKey, Session> sessions = new TreeMap<>();
    private final NavigableMap<MemberKey, Deadline> deadlines = new TreeMap<>();
    private final NavigableSet<Deadline> queue = new TreeSet<>();

    private record Deadline(long atMillis, MemberKey member) implements Comparable<Deadline> {
        private static final Comparator<Deadline> ORDER =
                Comparator.comparingLong(Deadline::atMillis).thenComparing(Deadline::member);

        @Override
        public int compareTo(Deadline that) {
            return ORDER.compare(this, that);
        }
    }

    Optional<Session> get(MemberKey member) {
        return Optional.ofNullable(sessions.get(member));
    }

    Session getOrBegin(MemberKey member, long nowMillis) {
        return sessions.computeIfAbsent(member, _ -> new Session(nowMillis));
    }

    void end(MemberKey member) {
        sessions.remove(member);
        forgetDeadline(member);
    }

    /// To be called whenever something in the member's session has changed.
    void schedule(MemberKey member, MemberTerms terms) {
        forgetDeadline(member);
        get(member).ifPresent(session -> {
            var deadline = new Deadline(session.dueAtMillis(terms), member);
            deadlines.put(member, deadline);
            queue.add(deadline);
        });
    }

    OptionalLong nextMillis() {
        return queue.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(queue.first().atMillis());
    }

    /// Members that are due by now, the longest first.
    List<MemberKey> due(long nowMillis) {
        var due = new ArrayList<MemberKey>();
        for (var deadline : queue) {
            if (deadline.atMillis() > nowMillis) {
                break;
            }
            due.add(deadline.member());
        }
        return due;
    }

    private void forgetDeadline(MemberKey member) {
        var former = deadlines.remove(member);
        if (former != null) {
            queue.remove(former);
        }
    }
}
