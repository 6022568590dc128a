package io.weirlog.server.request;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// What counts as one address where clients are counted by theirs.
///
/// A single IPv4 address is one. Of IPv6 it is all that begin with the same 64 bits: whoever has one of them usually
/// has the whole block (RFC 6177), and would be at another address with every connection.
final class AddressBlock {
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;
    private static final int PREFIX_BYTES = 8;

    private AddressBlock() {}

    /// The first address of the block that this one is of, without a scope: that of `fe80::1%eth0` is `fe80::`.
    /// An IPv4 address, also one that is written as IPv6 (`::ffff:10.0.0.1`, RFC 4291 section 2.5.5.2), is its own
    /// block. `::1` is of `::`, where there is nobody else.
    static InetAddress of(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        var bytes = address.getAddress();
        return isIpv4Mapped(bytes)
                ? address(Arrays.copyOfRange(bytes, IPV6_BYTES - IPV4_BYTES, IPV6_BYTES))
                : address(Arrays.copyOf(Arrays.copyOf(bytes, PREFIX_BYTES), IPV6_BYTES));
    }

    private static boolean isIpv4Mapped(byte[] bytes) {
        for (int i = 0; i < 10; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return bytes[10] == (byte) 0xff && bytes[11] == (byte) 0xff;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of " + bytes.length + " bytes", e);
        }
    }
}
