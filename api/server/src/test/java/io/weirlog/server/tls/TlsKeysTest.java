package io.weirlog.server.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.weirlog.server.tls.DevelopmentCa.Validity;
import io.weirlog.tls.TlsFileException;
import io.weirlog.tls.TlsFiles;
import io.weirlog.tls.TlsKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsKeysTest {
    private final Validity valid = new Validity(Instant.now(), Duration.ofDays(1));

    @TempDir
    private Path folder;

    private final DevelopmentCa authority = DevelopmentCa.create("CA", valid);

    @BeforeEach
    void write() throws IOException {
        Files.writeString(file("ca.crt"), authority.certificatePem());
        write(authority.node("first", List.of("localhost"), valid));
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private void write(DevelopmentCa.Issued issued) throws IOException {
        Files.writeString(file("own.key"), issued.keyPem());
        Files.writeString(file("own.crt"), issued.certificatePem());
    }

    private TlsFiles files() {
        return TlsFiles.of(file("own.crt"), file("own.key"), file("ca.crt"));
    }

    private static String subject(TlsKeys keys) {
        return keys.current()
                .own()
                .orElseThrow()
                .certificate()
                .getSubjectX500Principal()
                .getName();
    }

    @Test
    void newFilesAreTakenIntoUseAndAHandshakeUnderWayKeepsItsPair() throws Exception {
        var keys = TlsKeys.open(files());
        assertInstanceOf(TlsKeys.Reload.Unchanged.class, keys.reload());
        var alias = keys.keyManager().chooseEngineServerAlias("EC", null, null);
        var second = authority.node("second", List.of("localhost"), valid);
        write(second);
        assertInstanceOf(TlsKeys.Reload.Changed.class, keys.reload());
        assertEquals("CN=second", subject(keys));
        assertEquals(
                "CN=first",
                keys.keyManager()
                        .getCertificateChain(alias)[0]
                        .getSubjectX500Principal()
                        .getName());
        var newAlias = keys.keyManager().chooseEngineServerAlias("EC", null, null);
        assertEquals(second.key(), keys.keyManager().getPrivateKey(newAlias));
    }

    /// The key has been replaced, the certificate not yet.
    @Test
    void halfOfAChangeIsNoFailureUnlessItStays() throws Exception {
        var keys = TlsKeys.open(files());
        var second = authority.node("second", List.of("localhost"), valid);
        Files.writeString(file("own.key"), second.keyPem());
        assertInstanceOf(TlsKeys.Reload.Unchanged.class, keys.reload());
        var failed = assertInstanceOf(TlsKeys.Reload.Failed.class, keys.reload());
        assertTrue(failed.message().contains("does not belong to the certificate in"), failed.message());
        assertInstanceOf(TlsKeys.Reload.Unchanged.class, keys.reload(), "told once");
        assertEquals("CN=first", subject(keys));
        Files.writeString(file("own.crt"), second.certificatePem());
        assertInstanceOf(TlsKeys.Reload.Changed.class, keys.reload());
        assertEquals("CN=second", subject(keys));
    }

    /// As Kubernetes does: the files are links through a link to a folder.
    @Test
    void aTurnedLinkIsAChange() throws Exception {
        var old = Files.createDirectory(file("..old"));
        var next = Files.createDirectory(file("..next"));
        for (var name : List.of("own.crt", "own.key", "ca.crt")) {
            Files.move(file(name), old.resolve(name));
            Files.createSymbolicLink(file(name), Path.of("..data").resolve(name));
        }
        Files.createSymbolicLink(file("..data"), old.getFileName());
        var keys = TlsKeys.open(files());
        var second = authority.node("second", List.of("localhost"), valid);
        Files.writeString(next.resolve("own.crt"), second.certificatePem());
        Files.writeString(next.resolve("own.key"), second.keyPem());
        Files.copy(old.resolve("ca.crt"), next.resolve("ca.crt"));
        Files.createSymbolicLink(file("..tmp"), next.getFileName());
        Files.move(
                file("..tmp"),
                file("..data"),
                java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertInstanceOf(TlsKeys.Reload.Changed.class, keys.reload());
        assertEquals("CN=second", subject(keys));
    }

    @Test
    void aFileOfNoUseIsNamed() throws Exception {
        assertRefused("ca.crt", "nothing", "holds no certificate");
        assertRefused(
                "own.key", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "openssl pkcs8");
        assertRefused(
                "own.key",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "is encrypted");
        assertRefused(
                "own.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged certificate");
        assertRefused(
                "own.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a key that is");
    }

    private void assertRefused(String name, String content, String message) throws IOException {
        var before = Files.readString(file(name));
        Files.writeString(file(name), content);
        var refused = assertThrows(TlsFileException.class, () -> TlsKeys.open(files()));
        Files.writeString(file(name), before);
        assertTrue(String.valueOf(refused.getMessage()).startsWith(file(name).toString()), refused::getMessage);
        assertTrue(String.valueOf(refused.getMessage()).contains(message), refused::getMessage);
    }
}
