package io.weirlog.server.request;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// How many calls each address has open: one client that opens more and more of them must not take what the others
/// need.
final class PeerCalls {
    private final int callsMax;
    private final Map<InetAddress, Integer> open = new ConcurrentHashMap<>();

    /// @param callsMax of one address at the same time
    PeerCalls(int callsMax) {
        this.callsMax = callsMax;
    }

    /// Room for one call more. Whoever is not known by an address, such as a test within the process, has it always.
    ///
    /// @return given back by running it; empty if there is none
    Optional<Runnable> tryEnter(Optional<SocketAddress> peer) {
        if (peer.isEmpty() || !(peer.get() instanceof InetSocketAddress socket)) {
            return Optional.of(() -> {});
        }
        var address = socket.getAddress();
        if (open.merge(address, 1, Integer::sum) > callsMax) {
            leave(address);
            return Optional.empty();
        }
        return Optional.of(() -> leave(address));
    }

    private void leave(InetAddress address) {
        open.computeIfPresent(address, (_, calls) -> calls == 1 ? null : calls - 1);
    }

    /// The addresses that have any.
    int addresses() {
        return open.size();
    }
}
