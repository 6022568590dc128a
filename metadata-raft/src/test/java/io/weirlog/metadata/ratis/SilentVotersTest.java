package io.weirlog.metadata.ratis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.ratis.SilentVoters.Sight;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SilentVotersTest {
    private static final BrokerId TWO = new BrokerId(2);
    private static final BrokerId THREE = new BrokerId(3);
    private static final long BEGIN = 1_000_000;

    private final SilentVoters voters = new SilentVoters();

    private static Sight leads(long silenceOfTwo, long silenceOfThree) {
        return new Sight.Leads(Map.of(TWO, silenceOfTwo, THREE, silenceOfThree));
    }

    @Test
    void aLeaderGivesUpOnWhoeverIsSilentAgainAndAgain() {
        assertEquals(Set.of(), voters.step(BEGIN, leads(50, SilentVoters.SILENCE_MILLIS_MAX - 1)));
        assertEquals(Set.of(THREE), voters.step(BEGIN + 1, leads(50, SilentVoters.SILENCE_MILLIS_MAX)));
        long again = BEGIN + 1 + SilentVoters.AGAIN_MILLIS;
        assertEquals(Set.of(), voters.step(again - 1, leads(50, 8_000)));
        assertEquals(Set.of(THREE), voters.step(again, leads(50, 8_001)));
        assertEquals(Set.of(TWO), voters.step(again + 1, leads(3_000, 8_002)));
    }

    @Test
    void afterAnAnswerSilenceCountsAnew() {
        assertEquals(Set.of(THREE), voters.step(BEGIN, leads(0, 3_000)));
        assertEquals(Set.of(), voters.step(BEGIN + 1, leads(0, 10)));
        assertEquals(Set.of(THREE), voters.step(BEGIN + 3_000, leads(0, 3_009)));
    }

    @Test
    void withoutALeaderAllAreGivenUpButNotBeforeMostElectionsAreOver() {
        var searches = new Sight.Searches(Set.of(TWO, THREE));
        assertEquals(Set.of(), voters.step(BEGIN, new Sight.Follows()));
        assertEquals(Set.of(), voters.step(BEGIN + 10_000, searches));
        long late = BEGIN + 10_000 + SilentVoters.SEARCH_MILLIS_MAX;
        assertEquals(Set.of(), voters.step(late - 1, searches));
        assertEquals(Set.of(TWO, THREE), voters.step(late, searches));
        assertEquals(Set.of(), voters.step(late + SilentVoters.AGAIN_MILLIS - 1, searches));
        assertEquals(Set.of(TWO, THREE), voters.step(late + SilentVoters.AGAIN_MILLIS, searches));
        assertEquals(Set.of(), voters.step(late + 6_000, new Sight.Follows()));
        assertEquals(Set.of(), voters.step(late + 6_001, searches));
    }
}
