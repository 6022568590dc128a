package io.weirlog.server;

import io.weirlog.server.config.NodeConfig;
import io.weirlog.server.request.PeerShares;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// Bounds what all appends that are not yet answered hold together, over the whole node and for the clients at each
/// address: one client whose appends are never answered leaves room for the others.
public final class RequestMemory {
    private final long bytesMax;
    /// Absent if one address may hold everything.
    private final Optional<PeerShares> shares;
    private final AtomicLong bytesInUse = new AtomicLong();

    /// What became of a request for memory.
    public enum Room {
        TAKEN,
        /// The node has not that much left.
        NODE_FULL,
        /// The node may have it, but not for this address.
        ADDRESS_FULL
    }

    public RequestMemory(NodeConfig.Limits limits) {
        this.bytesMax = limits.requestMemoryBytes();
        var share = limits.requestMemoryBytesPerAddress();
        this.shares = share < bytesMax ? Optional.of(new PeerShares(share)) : Optional.empty();
    }

    /// Takes `bytes` or, if they are not there, nothing.
    ///
    /// @param peer whose share they count for; empty: nobody's
    public Room tryAcquire(Optional<SocketAddress> peer, long bytes) {
        if (shares.isPresent() && !shares.get().tryTake(peer, bytes)) {
            return Room.ADDRESS_FULL;
        }
        if (bytesInUse.addAndGet(bytes) > bytesMax) {
            release(peer, bytes);
            return Room.NODE_FULL;
        }
        return Room.TAKEN;
    }

    /// Gives back what was taken for the same peer.
    public void release(Optional<SocketAddress> peer, long bytes) {
        bytesInUse.addAndGet(-bytes);
        shares.ifPresent(all -> all.giveBack(peer, bytes));
    }
}
