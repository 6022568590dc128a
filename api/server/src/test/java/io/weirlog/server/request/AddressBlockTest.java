package io.weirlog.server.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressBlockTest {
    private static InetAddress address(String text) {
        return InetAddress.ofLiteral(text);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1",
        "127.0.0.1, 127.0.0.1",
        "2001:db8:1:2:3:4:5:6, 2001:db8:1:2::",
        "2001:db8:1:2::, 2001:db8:1:2::",
        "2001:db8:1:2:ffff:ffff:ffff:ffff, 2001:db8:1:2::",
        "fe80::1, fe80::",
        "fd00:0:0:1::7, fd00:0:0:1::",
        "::1, ::",
        // Only ::ffff:0:0/96 is IPv4 in other words.
        "0:0:0:1::ffff:a00:1, 0:0:0:1::",
        "::fffe:10.0.0.1, ::",
        "::10.0.0.1, ::"
    })
    void whatCountsAsOne(String one, String block) {
        assertEquals(address(block), AddressBlock.of(address(one)));
        assertEquals(address(block), AddressBlock.of(address(block)), "a block is its own");
    }

    @Test
    void neighboursOfAnotherBlockAreOthers() {
        assertNotEquals(AddressBlock.of(address("2001:db8:1:2::1")), AddressBlock.of(address("2001:db8:1:3::1")));
        assertNotEquals(AddressBlock.of(address("10.0.0.1")), AddressBlock.of(address("10.0.0.2")));
    }

    /// The JDK makes IPv4 addresses of such by itself, but not of all that are handed to it.
    @Test
    void ipv4InTheWordsOfIpv6IsIpv4() throws UnknownHostException {
        var mapped =
                Inet6Address.getByAddress("mapped", new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1}, -1);
        assertInstanceOf(Inet6Address.class, mapped);
        assertEquals(address("10.0.0.1"), assertInstanceOf(Inet4Address.class, AddressBlock.of(mapped)));
    }

    @Test
    void theScopeDoesNotCount() throws UnknownHostException {
        var bytes = address("fe80::1").getAddress();
        for (int scope : new int[] {-1, 0, 1, 7}) {
            var block = AddressBlock.of(Inet6Address.getByAddress("scoped", bytes, scope));
            assertEquals(address("fe80::"), block);
            assertEquals(0, assertInstanceOf(Inet6Address.class, block).getScopeId());
        }
    }

    @Test
    void theFirstHalfDecidesAndTheSecondDoesNot() throws UnknownHostException {
        var random = new Random(7);
        for (int round = 0; round < 1_000; round++) {
            var bytes = new byte[16];
            random.nextBytes(bytes);
            bytes[0] = 0x20;
            var block = AddressBlock.of(InetAddress.getByAddress(bytes));
            bytes[8 + random.nextInt(8)] ^= (byte) (1 + random.nextInt(255));
            assertEquals(block, AddressBlock.of(InetAddress.getByAddress(bytes)));
            bytes[1 + random.nextInt(7)] ^= (byte) (1 + random.nextInt(255));
            assertNotEquals(block, AddressBlock.of(InetAddress.getByAddress(bytes)));
        }
    }
}
