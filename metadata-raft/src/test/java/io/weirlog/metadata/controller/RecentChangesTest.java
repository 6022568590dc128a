package io.weirlog.metadata.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.codec.SnapshotCodec;
import io.weirlog.metadata.controller.RecentChanges.Next;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RandomCommands;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecentChangesTest {
    /// However far behind a follower falls and whatever is kept, it comes to the same state.
    @Test
    void everyFollowerComesToTheNewestState() {
        int snapshots = 0;
        int changes = 0;
        for (long seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            var recent = new RecentChanges(1 + random.nextInt(12));
            var commands = new RandomCommands(seed);
            var state = MetadataState.EMPTY;
            var followed = MetadataState.EMPTY;
            long index = 0;
            for (int step = 0; step < 60; step++) {
                index += 1 + random.nextInt(3); // Raft's own entries take indexes too.
                var applied = MetadataMachine.apply(state, index, commands.next());
                state = applied.state();
                if (random.nextInt(20) == 0) {
                    recent.reset(MetadataImage.of(state));
                } else {
                    recent.add(MetadataImage.of(state), applied.events());
                }
                for (int reads = random.nextInt(4); reads > 0; reads--) {
                    switch (recent.next(followed.index())) {
                        case Next.Nothing() -> assertEquals(state.index(), followed.index(), "seed " + seed);
                        case Next.Snapshot(var image) -> {
                            followed = image.state().withoutRequests();
                            snapshots++;
                        }
                        case Next.Change(var at, var events) -> {
                            followed = followed.followed(at, events);
                            changes++;
                        }
                    }
                }
            }
            while (!(recent.next(followed.index()) instanceof Next.Nothing)) {
                followed = switch (recent.next(followed.index())) {
                    case Next.Nothing() -> followed;
                    case Next.Snapshot(var image) -> image.state().withoutRequests();
                    case Next.Change(var at, var events) -> followed.followed(at, events);
                };
            }
            assertEquals(SnapshotCodec.hash(state.withoutRequests()), SnapshotCodec.hash(followed), "seed " + seed);
        }
        assertTrue(snapshots > 100 && changes > 100, snapshots + " snapshots, " + changes + " changes");
    }

    @Test
    void aFollowerAheadWaits() {
        assertEquals(new Next.Nothing(), new RecentChanges(1).next(5));
    }
}
