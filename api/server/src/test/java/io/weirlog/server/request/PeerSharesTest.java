package io.weirlog.server.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PeerSharesTest {
    private static Optional<SocketAddress> peer(int host, int port) {
        return Optional.of(new InetSocketAddress("10.0.0." + host, port));
    }

    @Test
    void anAddressHasSoMuchWhateverItsPortsAre() {
        var shares = new PeerShares(10);
        assertTrue(shares.tryTake(peer(1, 1000), 4));
        assertTrue(shares.tryTake(peer(1, 1001), 6));
        assertFalse(shares.tryTake(peer(1, 1002), 1));
        assertTrue(shares.tryTake(peer(2, 1000), 10));
        shares.giveBack(peer(1, 1000), 4);
        assertFalse(shares.tryTake(peer(1, 1002), 5));
        assertTrue(shares.tryTake(peer(1, 1002), 4));
        shares.giveBack(peer(1, 1001), 6);
        shares.giveBack(peer(1, 1002), 4);
        shares.giveBack(peer(2, 1000), 10);
        assertEquals(0, shares.addresses());
    }

    /// Otherwise a client of IPv6 would have its share again with each of its addresses.
    @Test
    void allAddressesOfAnIpv6BlockShare() {
        var shares = new PeerShares(2);
        assertTrue(shares.tryTake(ipv6("2001:db8::1"), 1));
        assertTrue(shares.tryTake(ipv6("2001:db8::2"), 1));
        assertFalse(shares.tryTake(ipv6("2001:db8::3"), 1));
        assertTrue(shares.tryTake(ipv6("2001:db8:0:1::1"), 1));
        shares.giveBack(ipv6("2001:db8::1"), 1);
        assertTrue(shares.tryTake(ipv6("2001:db8::3"), 1));
        assertEquals(2, shares.addresses());
        shares.giveBack(ipv6("2001:db8::2"), 1);
        shares.giveBack(ipv6("2001:db8::3"), 1);
        shares.giveBack(ipv6("2001:db8:0:1::1"), 1);
        assertEquals(0, shares.addresses());
    }

    private static Optional<SocketAddress> ipv6(String address) {
        return Optional.of(new InetSocketAddress(address, 7171));
    }

    @Test
    void amountsBeyondAllBoundsAreRefused() {
        var shares = new PeerShares(10);
        assertFalse(shares.tryTake(peer(1, 1), 11));
        assertTrue(shares.tryTake(peer(1, 1), 1));
        assertFalse(shares.tryTake(peer(1, 1), Long.MAX_VALUE));
        shares.giveBack(peer(1, 1), 1);
        assertTrue(shares.tryTake(peer(1, 1), 0));
        shares.giveBack(peer(1, 1), 0);
        assertEquals(0, shares.addresses());
    }

    @Test
    void whoHasNoAddressIsLetIn() {
        var shares = new PeerShares(2);
        for (var call = 0; call < 5; call++) {
            assertTrue(shares.tryTake(Optional.empty(), 1));
        }
        assertEquals(0, shares.addresses());
    }

    @Test
    void manyAtOnceNeverHaveMoreThanTheShare() throws InterruptedException {
        var shares = new PeerShares(3);
        var holding = new AtomicLong();
        var most = new AtomicLong();
        var threads = new ArrayList<Thread>();
        for (var i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (var round = 0; round < 20_000; round++) {
                    if (shares.tryTake(peer(1, round), 1)) {
                        most.accumulateAndGet(holding.incrementAndGet(), Math::max);
                        holding.decrementAndGet();
                        shares.giveBack(peer(1, round), 1);
                    }
                }
            }));
        }
        for (var thread : threads) {
            thread.join();
        }
        assertTrue(most.get() >= 1 && most.get() <= 3, most::toString);
        assertEquals(0, shares.addresses());
    }
}
