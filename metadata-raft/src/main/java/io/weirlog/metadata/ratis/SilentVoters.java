package io.weirlog.metadata.ratis;

import io.weirlog.common.BrokerId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Decides which connections to other voters are given up and made anew. One whose other end has moved to another
/// address, or has vanished, breaks only when the kernel gives up sending, which takes a quarter of an hour.
///
/// A leader gives up on a voter that has not answered for [#SILENCE_MILLIS_MAX]. Who knows no leader cannot tell who is
/// silent, and after [#SEARCH_MILLIS_MAX], longer than most elections take, gives up all. Both again and again until
/// there is an answer, or a leader.
final class SilentVoters {
    static final long SILENCE_MILLIS_MAX = 3_000;
    static final long SEARCH_MILLIS_MAX = 1_500;
    static final long AGAIN_MILLIS = 5_000;

    private final Map<BrokerId, Long> givenUpMillis = new HashMap<>();
    private long searchingSinceMillis;
    private boolean searching;

    /// How a voter sees the others.
    sealed interface Sight {
        /// @param silenceMillis since each of them answered
        record Leads(Map<BrokerId, Long> silenceMillis) implements Sight {}

        /// It hears from a leader, or does not vote.
        record Follows() implements Sight {}

        record Searches(Set<BrokerId> others) implements Sight {}
    }

    /// @param nowMillis of a clock that only goes forward
    /// @return whose connections to replace now
    Set<BrokerId> step(long nowMillis, Sight sight) {
        Set<BrokerId> silent = switch (sight) {
            case Sight.Leads leads -> silent(leads);
            case Sight.Follows _ -> Set.of();
            case Sight.Searches searches -> searchedFor(nowMillis) >= SEARCH_MILLIS_MAX ? searches.others() : Set.of();
        };
        searching = sight instanceof Sight.Searches;
        givenUpMillis.keySet().retainAll(silent);
        Set<BrokerId> now = new HashSet<>();
        for (var voter : silent) {
            var before = givenUpMillis.get(voter);
            if (before == null || nowMillis - before >= AGAIN_MILLIS) {
                givenUpMillis.put(voter, nowMillis);
                now.add(voter);
            }
        }
        return now;
    }

    private static Set<BrokerId> silent(Sight.Leads leads) {
        Set<BrokerId> silent = new HashSet<>();
        leads.silenceMillis().forEach((voter, millis) -> {
            if (millis >= SILENCE_MILLIS_MAX) {
                silent.add(voter);
            }
        });
        return silent;
    }

    private long searchedFor(long nowMillis) {
        if (!searching) {
            searchingSinceMillis = nowMillis;
        }
        return nowMillis - searchingSinceMillis;
    }
}
