package io.weirlog.metadata.ratis;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.weirlog.metadata.StateDivergedException;
import io.weirlog.metadata.core.MetadataCommand.CheckState;
import io.weirlog.metadata.core.MetadataCommand.FinalizeFeatureLevel;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import io.weirlog.metadata.core.StateHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Checks of the voters' states, without a quorum.
@Timeout(30)
class StateChecksTest {
    private static CheckState check(Optional<StateHash> earlier) {
        return new CheckState(new RequestId(UUID.randomUUID()), earlier);
    }

    @Test
    void anotherHashThanTheActiveControllersIsToldOnce() throws Exception {
        var found = new CompletableFuture<StateDivergedException>();
        try (var checks = new StateChecks(10, () -> false, _ -> fail("it is not active"), found::complete)) {
            checks.applied(7, check(Optional.empty()), MetadataState.EMPTY);
            checks.applied(8, check(Optional.of(new StateHash(3, "before its time"))), MetadataState.EMPTY);
            checks.applied(9, check(Optional.of(new StateHash(7, "another"))), MetadataState.EMPTY);
            assertTrue(
                    String.valueOf(found.get(10, TimeUnit.SECONDS).getMessage()).startsWith("M2: "));
        }
    }

    @Test
    void aCheckIsProposedAfterSoManyEntries() {
        List<byte[]> proposed = new ArrayList<>();
        var other = new FinalizeFeatureLevel(new RequestId(UUID.randomUUID()), 1);
        try (var checks = new StateChecks(3, () -> true, proposed::add, _ -> fail("nothing differs"))) {
            for (int i = 1; i <= 7; i++) {
                checks.applied(i, other, MetadataState.EMPTY);
            }
        }
        assertEquals(2, proposed.size());
    }

    /// Raft still applies entries while it stops; if one of them fails there, Raft waits for itself.
    @Test
    void entriesAppliedAfterTheCloseArePassedBy() {
        var checks = new StateChecks(3, () -> false, _ -> {}, _ -> {});
        checks.close();
        assertDoesNotThrow(() -> checks.applied(1, check(Optional.empty()), MetadataState.EMPTY));
    }
}
