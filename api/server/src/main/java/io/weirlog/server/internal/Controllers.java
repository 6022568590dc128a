package io.weirlog.server.internal;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.QuorumRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/// The controllers' addresses, and which of them is the active one as far as is known here. Thread-safe.
public final class Controllers {
    private final BrokerId self;
    private final Map<BrokerId, Endpoint> addresses;
    /// Of this node's own member of the quorum, if it has one.
    private final Optional<Supplier<QuorumRole>> role;

    private Optional<BrokerId> told = Optional.empty();
    private int turn;

    /// @param addresses where each controller listens for nodes
    public Controllers(BrokerId self, Map<BrokerId, Endpoint> addresses, Optional<Supplier<QuorumRole>> role) {
        this.self = self;
        this.addresses = new TreeMap<>(addresses);
        this.role = role;
    }

    /// The active controller, if it is known. A voter knows from its quorum; others from what they were told.
    public Optional<BrokerId> active() {
        return role.map(own -> active(own.get())).orElseGet(this::told);
    }

    private Optional<BrokerId> active(QuorumRole own) {
        return switch (own) {
            case QuorumRole.Active _ -> Optional.of(self);
            case QuorumRole.Following(var leader) -> known(leader);
            case QuorumRole.Searching() -> Optional.empty();
            case QuorumRole.NotVoter() -> told();
        };
    }

    /// Whether this node knows by its own member who is active.
    boolean isVoter() {
        return role.isPresent() && !(role.get().get() instanceof QuorumRole.NotVoter);
    }

    /// `id` if it is that of a controller.
    synchronized Optional<BrokerId> known(BrokerId id) {
        return Optional.of(id).filter(addresses::containsKey);
    }

    private synchronized Optional<BrokerId> told() {
        return told;
    }

    /// Somebody said who is active.
    synchronized void tell(Optional<BrokerId> active) {
        told = active.flatMap(this::known);
    }

    /// `node` did not answer, or does not know.
    synchronized void failed(BrokerId node) {
        if (told.equals(Optional.of(node))) {
            told = Optional.empty();
        }
    }

    /// The active controller, or else one that may know it: each in its turn.
    BrokerId candidate() {
        return active().orElseGet(this::next);
    }

    /// One controller after the other; this node itself only if there is no other.
    synchronized BrokerId next() {
        List<BrokerId> all = new ArrayList<>(addresses.keySet());
        if (all.size() > 1) {
            all.remove(self);
        }
        turn = (turn + 1) % all.size();
        return all.get(turn);
    }

    /// This node, which is a controller, listens there.
    public synchronized void listening(Endpoint own) {
        addresses.replace(self, own);
    }

    /// Where each controller listens for nodes, in the order of their ids.
    public synchronized Map<BrokerId, Endpoint> addresses() {
        return new TreeMap<>(addresses);
    }

    synchronized Endpoint address(BrokerId controller) {
        var address = addresses.get(controller);
        if (address == null) {
            throw new IllegalArgumentException("node " + controller + " is no controller");
        }
        return address;
    }
}
