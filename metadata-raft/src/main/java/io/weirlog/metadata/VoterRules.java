package io.weirlog.metadata;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.MembershipResult.Reason;
import io.weirlog.metadata.QuorumDescription.Member;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Which changes of the voters are safe: pure decisions on what the active controller sees.
///
/// One voter is added or removed at a time, so that each majority of the voters before shares a member with each
/// majority after. A change must leave a majority that lives, also if one more voter is lost wherever there are
/// enough of them: so nothing is added and nobody who lives is removed while some other voter is down.
final class VoterRules {
    /// Five, and two more while voters are replaced.
    static final int VOTERS_MAX = 7;

    /// A voter answers each heartbeat, several a second.
    static final Duration SILENCE_MAX = Duration.ofSeconds(2);

    /// As far behind as a new voter may be when it gets its vote.
    static final long LAG_ENTRIES_MAX = 1_000;

    private VoterRules() {}

    sealed interface Verdict {
        /// Go on.
        record Allowed() implements Verdict {}

        /// Things are as wished already.
        record Already() implements Verdict {}

        record Forbidden(Reason reason, String message) implements Verdict {}
    }

    static Verdict add(QuorumDescription quorum, BrokerId id, Endpoint endpoint) {
        var present = quorum.voter(id);
        if (present.isPresent()) {
            var known = present.get().endpoint();
            return known.equals(endpoint)
                    ? new Verdict.Already()
                    : new Verdict.Forbidden(
                            Reason.OTHER_ENDPOINT,
                            "node %s votes already, at %s; to change its address, remove it first"
                                    .formatted(id, known));
        }
        if (quorum.voters().size() >= VOTERS_MAX) {
            return new Verdict.Forbidden(
                    Reason.TOO_MANY_VOTERS, "there are %d voters, the most allowed".formatted(VOTERS_MAX));
        }
        var failing = failing(quorum.voters());
        if (!failing.isEmpty()) {
            return new Verdict.Forbidden(
                    Reason.QUORUM_AT_RISK,
                    "voter %s is down or behind; bring it back, or remove it, before adding another"
                            .formatted(names(failing)));
        }
        return new Verdict.Allowed();
    }

    static Verdict remove(QuorumDescription quorum, BrokerId id) {
        if (quorum.voter(id).isEmpty()) {
            return new Verdict.Forbidden(
                    Reason.NOT_A_VOTER,
                    "node %s does not vote; the voters are %s".formatted(id, names(ids(quorum.voters()))));
        }
        var rest =
                quorum.voters().stream().filter(voter -> !voter.id().equals(id)).toList();
        if (rest.isEmpty()) {
            return new Verdict.Forbidden(Reason.LAST_VOTER, "node %s is the only voter".formatted(id));
        }
        var failing = failing(rest);
        boolean lives = !failing(quorum.voters()).contains(id);
        if (lives && !failing.isEmpty()) {
            return new Verdict.Forbidden(
                    Reason.QUORUM_AT_RISK,
                    "voter %s is down or behind; bring it back, or remove it first".formatted(names(failing)));
        }
        if (rest.size() - failing.size() < rest.size() / 2 + 1) {
            return new Verdict.Forbidden(
                    Reason.QUORUM_AT_RISK,
                    "of the voters that would be left, %s are down or behind: too many".formatted(names(failing)));
        }
        return new Verdict.Allowed();
    }

    private static Set<BrokerId> failing(List<Member> voters) {
        return voters.stream()
                .filter(voter -> !isWell(voter))
                .map(Member::id)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    static boolean isWell(Member voter) {
        return voter.progress()
                .filter(progress ->
                        progress.lastContact().compareTo(SILENCE_MAX) <= 0 && progress.lagEntries() <= LAG_ENTRIES_MAX)
                .isPresent();
    }

    private static Set<BrokerId> ids(List<Member> voters) {
        return voters.stream().map(Member::id).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String names(Set<BrokerId> ids) {
        return ids.stream().map(BrokerId::toString).collect(Collectors.joining(", "));
    }
}
