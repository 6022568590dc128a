package io.weirlog.log.fault;

import java.lang.foreign.Arena;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/// Computes what a crash leaves of a disk.
final class CrashedDisk {
    private final Node.Directory root;
    private final LossMode mode;
    private final Random random;
    /// What would be in each directory. Only looked up, never walked over: its order is not that of anything.
    private final IdentityHashMap<Node.Directory, SortedMap<String, Node>> left = new IdentityHashMap<>();
    /// The change at which [LossMode#PREFIX_KEPT] ends.
    private final long lastChange;

    CrashedDisk(Node.Directory root, List<Change.OfNames> pendingNames, LossMode mode, long seed, long nextChange) {
        this.root = root;
        this.mode = mode;
        this.random = new Random(seed);
        var firstPending = Math.min(firstPendingIn(root), firstPendingOf(pendingNames));
        this.lastChange =
                firstPending >= nextChange ? nextChange : firstPending + random.nextLong(nextChange - firstPending + 1);
        for (var change : pendingNames) {
            if (isKept(change)) {
                apply(change, this::left);
            }
        }
    }

    private static long firstPendingOf(List<Change.OfNames> names) {
        return names.isEmpty() ? Long.MAX_VALUE : names.getFirst().number();
    }

    private static long firstPendingIn(Node.Directory directory) {
        var first = Long.MAX_VALUE;
        for (var node : directory.entries().values()) {
            first = Math.min(
                    first,
                    switch (node) {
                        case Node.File file -> file.firstPending();
                        case Node.Directory inner -> firstPendingIn(inner);
                    });
        }
        return first;
    }

    private boolean isKept(Change.OfNames change) {
        return switch (mode) {
            case ALL_LOST -> false;
            case ALL_KEPT, GARBAGE_TAIL -> true;
            case PREFIX_KEPT -> change.number() < lastChange;
            case TORN -> random.nextBoolean();
        };
    }

    private SortedMap<String, Node> left(Node.Directory directory) {
        return left.computeIfAbsent(directory, one -> new TreeMap<>(one.durable()));
    }

    /// Does a change of names to the maps that belong to the directories.
    static void apply(Change.OfNames change, Function<Node.Directory, SortedMap<String, Node>> entries) {
        switch (change) {
            case Change.Link link -> entries.apply(link.directory()).put(link.name(), link.node());
            case Change.Unlink unlink -> entries.apply(unlink.directory()).remove(unlink.name());
            case Change.Move move -> {
                entries.apply(move.from()).remove(move.name(), move.node());
                entries.apply(move.to()).put(move.newName(), move.node());
            }
        }
    }

    /// Fills the root directory of a new disk.
    void copyTo(Node.Directory newRoot, Arena arena) {
        copy(root, newRoot, arena);
    }

    private void copy(Node.Directory from, Node.Directory to, Arena arena) {
        left(from).forEach((name, node) -> {
            var copied = switch (node) {
                case Node.File file -> new Node.File(arena, file.afterCrash(mode, lastChange, random));
                case Node.Directory directory -> {
                    var inner = new Node.Directory();
                    copy(directory, inner, arena);
                    yield inner;
                }
            };
            to.entries().put(name, copied);
            to.durable().put(name, copied);
        });
    }
}
