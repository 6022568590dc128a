package io.weirlog.server.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PeerCallsTest {
    private final PeerCalls peers = new PeerCalls(2);

    private static Optional<SocketAddress> peer(int host, int port) {
        return Optional.of(new InetSocketAddress("10.0.0." + host, port));
    }

    @Test
    void anAddressHasSoManyWhateverItsPortsAre() {
        var first = peers.tryEnter(peer(1, 1000)).orElseThrow();
        var second = peers.tryEnter(peer(1, 1001)).orElseThrow();
        assertEquals(Optional.empty(), peers.tryEnter(peer(1, 1002)));
        var other = peers.tryEnter(peer(2, 1000)).orElseThrow();
        first.run();
        var third = peers.tryEnter(peer(1, 1002)).orElseThrow();
        assertEquals(Optional.empty(), peers.tryEnter(peer(1, 1003)));
        second.run();
        third.run();
        other.run();
        assertEquals(0, peers.addresses());
    }

    @Test
    void whoHasNoAddressIsLetIn() {
        for (var call = 0; call < 5; call++) {
            assertTrue(peers.tryEnter(Optional.empty()).isPresent());
        }
    }
}
