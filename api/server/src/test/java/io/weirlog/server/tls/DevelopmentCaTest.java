package io.weirlog.server.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.server.config.IdentityPattern;
import io.weirlog.server.tls.DevelopmentCa.Validity;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DevelopmentCaTest {
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    /// Beyond 2049, from when on dates are written otherwise.
    private final Validity lasting = new Validity(now, Duration.ofDays(365 * 40));

    private final DevelopmentCa authority = DevelopmentCa.create("CA", lasting);

    @Test
    void whatItSignsIsValidAndSaysWhatItWasTold() throws Exception {
        var node = authority
                .node("n", List.of("n.example.org", "*.n.example.org", "10.1.2.3", "::1"), lasting)
                .certificate();
        var checked = new PKIXParameters(Set.of(new TrustAnchor(authority.certificate(), null)));
        checked.setRevocationEnabled(false);
        CertPathValidator.getInstance("PKIX")
                .validate(CertificateFactory.getInstance("X.509").generateCertPath(List.of(node)), checked);
        assertEquals(
                Set.of(
                        List.of(2, "n.example.org"),
                        List.of(2, "*.n.example.org"),
                        List.of(7, "10.1.2.3"),
                        List.of(7, "0:0:0:0:0:0:0:1"),
                        List.of(6, IdentityPattern.NODE_URI)),
                Set.copyOf(node.getSubjectAlternativeNames()));
        assertEquals(-1, node.getBasicConstraints());
        assertEquals(0, authority.certificate().getBasicConstraints());
        assertEquals(2, node.getExtendedKeyUsage().size());
        assertTrue(node.getKeyUsage()[0], "digitalSignature");
        assertTrue(authority.certificate().getKeyUsage()[5], "keyCertSign");
        assertEquals(now.plus(Duration.ofDays(365 * 40)), node.getNotAfter().toInstant());
        assertTrue(node.getSerialNumber().signum() > 0);
    }

    @Test
    void derHasTheBytesOfTheStandard() {
        assertArrayEquals(
                new byte[] {0x06, 0x06, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d},
                Der.oid("1.2.840.113549"));
        assertArrayEquals(new byte[] {0x03, 0x02, 0x07, (byte) 0x80}, Der.bits(0x80, 7));
        var longer = Der.octets(new byte[200]);
        assertArrayEquals(new byte[] {0x04, (byte) 0x81, (byte) 200}, java.util.Arrays.copyOf(longer, 3));
        var longest = Der.octets(new byte[0x1234]);
        assertArrayEquals(new byte[] {0x04, (byte) 0x82, 0x12, 0x34}, java.util.Arrays.copyOf(longest, 4));
        assertThrows(IllegalArgumentException.class, () -> Der.octets(new byte[0x10000]));
    }

    @Test
    void aNodeIsKnownByItsMark() {
        var node = authority
                .node("broker-1", List.of("b1.brokers.example.org"), lasting)
                .certificate();
        var client = authority.client("shop", lasting).certificate();
        assertMatches(true, node, "uri:urn:weirlog:node");
        assertMatches(true, node, "dns:*.Brokers.example.org");
        assertMatches(true, node, "cn:other, cn:broker-*");
        assertMatches(false, node, "dns:brokers.example.org");
        assertMatches(false, node, "cn:broker");
        assertMatches(false, client, "uri:urn:weirlog:node, dns:*, cn:broker-*");
        for (var malformed : List.of("", "urn", "uri:", "ip:10.0.0.1", "cn:a,,cn:b")) {
            assertThrows(IllegalArgumentException.class, () -> IdentityPattern.parseAll(malformed), malformed);
        }
        assertFalse(IdentityPattern.parseAll("cn:a").getFirst().matches(client));
    }

    private static void assertMatches(
            boolean expected, java.security.cert.X509Certificate certificate, String patterns) {
        assertEquals(
                expected,
                IdentityPattern.parseAll(patterns).stream().anyMatch(pattern -> pattern.matches(certificate)),
                patterns);
    }
}
