package io.weirlog.server.request;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// What each address holds of something that all share, such as calls, connections or memory: one client that takes
/// more and more of it must not take what the others need. Of IPv6, addresses count by their [AddressBlock].
/// Thread-safe.
///
/// Whoever is not known by an address, such as a caller within the process, is not counted.
public final class PeerShares {
    private final long shareMax;
    /// By the block; nothing for one that holds nothing.
    private final Map<InetAddress, Long> held = new ConcurrentHashMap<>();

    /// @param shareMax of one address at the same time
    public PeerShares(long shareMax) {
        this.shareMax = shareMax;
    }

    /// Takes `amount` or, if that is more than is left of the address's share, nothing.
    public boolean tryTake(Optional<SocketAddress> peer, long amount) {
        var address = address(peer);
        return address.isEmpty() || amount == 0 || tryTake(address.get(), amount);
    }

    private boolean tryTake(InetAddress address, long amount) {
        while (true) {
            var before = held.get(address);
            if (amount > shareMax - (before == null ? 0 : before)) {
                return false;
            }
            var taken = before == null
                    ? held.putIfAbsent(address, amount) == null
                    : held.replace(address, before, before + amount);
            if (taken) {
                return true;
            }
        }
    }

    /// Gives back what was taken.
    public void giveBack(Optional<SocketAddress> peer, long amount) {
        address(peer)
                .ifPresent(address -> held.computeIfPresent(
                        address, (_, before) -> before == amount ? null : Long.valueOf(before - amount)));
    }

    private static Optional<InetAddress> address(Optional<SocketAddress> peer) {
        return peer.filter(InetSocketAddress.class::isInstance)
                .map(socket -> ((InetSocketAddress) socket).getAddress())
                .map(AddressBlock::of);
    }

    /// The addresses that hold something.
    int addresses() {
        return held.size();
    }
}
