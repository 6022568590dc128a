package io.weirlog.server.internal;

import io.weirlog.common.BrokerId;
import io.weirlog.metadata.Endpoint;
import io.weirlog.metadata.MetadataImage;
import io.weirlog.metadata.MetadataListener;
import io.weirlog.metadata.QuorumRole;
import io.weirlog.metadata.core.MetadataEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/// The controllers' addresses, and which of them is the active one as far as is known here. Thread-safe.
///
/// A node finds the controllers that its configuration names, and those that made themselves known in the metadata. For
/// one that is both, the configuration counts: it may name a way that only this node can go.
public final class Controllers implements MetadataListener {
    /// The listener, among the endpoints of a controller, that other nodes call.
    public static final String INTERNAL_LISTENER = "internal";

    private final BrokerId self;
    private final Map<BrokerId, Endpoint> configured;
    private Map<BrokerId, Endpoint> registered = Map.of();
    /// Of this node's own member of the quorum, if it has one.
    private final Optional<Supplier<QuorumRole>> role;

    private Optional<BrokerId> told = Optional.empty();
    private int turn;

    /// @param configured where each controller that this node was told of listens for nodes
    public Controllers(BrokerId self, Map<BrokerId, Endpoint> configured, Optional<Supplier<QuorumRole>> role) {
        this.self = self;
        this.configured = new TreeMap<>(configured);
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
        return find(id).map(_ -> id);
    }

    private Optional<Endpoint> find(BrokerId id) {
        return Optional.ofNullable(configured.get(id)).or(() -> Optional.ofNullable(registered.get(id)));
    }

    @Override
    public void onSnapshot(MetadataImage image) {
        follow(image);
    }

    @Override
    public void onEvents(MetadataImage image, List<MetadataEvent> events) {
        for (var event : events) {
            if (event instanceof MetadataEvent.ControllerRegistered
                    || event instanceof MetadataEvent.ControllerUnregistered) {
                follow(image);
                return;
            }
        }
    }

    private synchronized void follow(MetadataImage image) {
        var now = new TreeMap<BrokerId, Endpoint>();
        for (var controller : image.controllers()) {
            var internal = controller.endpoints().get(INTERNAL_LISTENER);
            if (internal != null) {
                now.put(controller.id(), internal);
            }
        }
        registered = now;
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
        var ids = new TreeSet<>(configured.keySet());
        ids.addAll(registered.keySet());
        if (ids.size() > 1) {
            ids.remove(self);
        }
        List<BrokerId> all = new ArrayList<>(ids);
        turn = (turn + 1) % all.size();
        return all.get(turn);
    }

    /// This node listens there, which counts if it is a controller.
    public synchronized void listening(Endpoint own) {
        if (role.isPresent()) {
            configured.put(self, own);
        }
    }

    /// Where each controller listens for nodes, in the order of their ids: those that the metadata name, once they are
    /// known, for the configuration may name some that were removed since.
    public synchronized Map<BrokerId, Endpoint> addresses() {
        var all = new TreeMap<>(configured);
        all.putAll(registered);
        if (!registered.isEmpty()) {
            all.keySet().retainAll(registered.keySet());
        }
        all.replaceAll((id, endpoint) -> configured.getOrDefault(id, endpoint));
        return all;
    }

    synchronized Endpoint address(BrokerId controller) {
        return find(controller)
                .orElseThrow(() -> new IllegalStateException("node " + controller + " is no controller any more"));
    }
}
