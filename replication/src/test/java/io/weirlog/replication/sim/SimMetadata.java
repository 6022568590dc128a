package io.weirlog.replication.sim;

import io.weirlog.metadata.core.MetadataCommand;
import io.weirlog.metadata.core.MetadataEvent;
import io.weirlog.metadata.core.MetadataMachine;
import io.weirlog.metadata.core.MetadataReply;
import io.weirlog.metadata.core.MetadataState;
import io.weirlog.metadata.core.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The metadata quorum as a model: one linear log, the real machine behind it. Proposals may get lost before or after
/// they are committed, or be committed twice; nobody but the log knows which.
final class SimMetadata {
    private final SimWorld world;
    private final Random random;
    private final List<MetadataState> history = new ArrayList<>(List.of(MetadataState.EMPTY));
    private final SimSwitches switches;
    private final BiConsumer<MetadataState, List<MetadataEvent>> committed;
    private boolean lossy;
    private long awayUntilMicros;
    private long requests;

    SimMetadata(SimWorld world, SimSwitches switches, BiConsumer<MetadataState, List<MetadataEvent>> committed) {
        this.world = world;
        this.random = world.random("metadata");
        this.switches = switches;
        this.committed = committed;
    }

    MetadataState latest() {
        return history.getLast();
    }

    /// As it was before the last command.
    MetadataState before() {
        return history.get(history.size() - 2);
    }

    MetadataState at(int position) {
        return history.get(position);
    }

    int length() {
        return history.size();
    }

    RequestId newRequest() {
        return new RequestId(new UUID(42, ++requests));
    }

    void lossy(boolean isLossy) {
        lossy = isLossy;
    }

    boolean isAway() {
        return world.nowMicros() < awayUntilMicros;
    }

    void awayFor(long micros) {
        awayUntilMicros = world.nowMicros() + micros;
    }

    /// Applies at once what belongs to the beginning.
    MetadataReply setUp(MetadataCommand command) {
        return apply(command);
    }

    /// @param answer empty if nobody can say what became of it
    void propose(MetadataCommand command, Consumer<Optional<MetadataReply>> answer) {
        var there = 500 + random.nextInt(5_000);
        var back = 200 + random.nextInt(3_000);
        var fate = lossy || isAway() ? random.nextInt(6) : 5;
        var late = random.nextInt(3) == 0 ? random.nextInt(20_000) : 200_000L + random.nextInt(2_000_000);
        switch (fate) {
            case 0 -> world.after(late, () -> answer.accept(Optional.empty()));
            case 1 -> {
                world.count("proposal committed, answer lost");
                world.after(there, () -> apply(command));
                world.after(late, () -> answer.accept(Optional.empty()));
            }
            case 2 -> {
                world.count("proposal committed after it was given up");
                world.after(late, () -> answer.accept(Optional.empty()));
                world.after(late + random.nextInt(random.nextInt(3) == 0 ? 5_000_000 : 300_000), () -> apply(command));
            }
            case 3 -> {
                world.count("proposal committed twice");
                world.after(there, () -> answered(command, back, answer));
                world.after(there + random.nextInt(300_000), () -> apply(command));
            }
            default -> world.after(there, () -> answered(command, back, answer));
        }
    }

    private void answered(MetadataCommand command, long back, Consumer<Optional<MetadataReply>> answer) {
        if (isAway()) {
            world.after(back, () -> answer.accept(Optional.empty()));
            return;
        }
        var reply = apply(command);
        world.after(back, () -> answer.accept(Optional.of(reply)));
    }

    private MetadataReply apply(MetadataCommand command) {
        var before = latest();
        var applied = MetadataMachine.apply(before, before.index() + 1, switches.applied(command, before));
        var events = applied.events().stream()
                .map(event -> switches.decided(event, before))
                .toList();
        var asDecided = events.equals(applied.events());
        var state =
                asDecided ? applied.state() : before.followed(applied.state().index(), events);
        world.say(() -> "metadata " + applied.state().index() + ": " + command + " -> " + applied.reply()
                + (events.isEmpty() ? "" : ", " + events));
        history.add(state);
        world.note("metadata", state.index(), events.size(), 0);
        committed.accept(state, events);
        return applied.reply();
    }
}
